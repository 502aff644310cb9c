"""A replica without Ray, and without engines: how it is asked, and how it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from liusheng.cluster.observe.gathering import GatheredMetrics
from liusheng.cluster.observe.merging import ReplicaMetrics
from liusheng.cluster.serving import replica as module
from liusheng.cluster.serving.replica import Replica
from liusheng.models.errors import DownloadError
from liusheng.models.store import Store
from liusheng.server.config.settings import Settings
from liusheng.server.engines import Engines


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        access={"keys_file": tmp_path / "keys.json"},  # type: ignore[arg-type]
        drain={"seconds": 0, "final_seconds": 0},  # type: ignore[arg-type]
    )


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """No engines; return which models were to be installed."""
    found: list[list[str]] = []

    def install(store: Store, names: list[str], cluster: object) -> None:
        found.append(names)
        if names == ["libime-zh"]:
            raise DownloadError("no network")

    monkeypatch.setattr(module, "install", install)
    monkeypatch.setattr(module, "make_engines", lambda *_: Engines())
    monkeypatch.setattr("liusheng.server.logs.set_up", lambda *_: None)
    return found


def alone() -> GatheredMetrics:
    async def all_of_them(_: float) -> list[ReplicaMetrics]:
        return []

    return GatheredMetrics("r1", "speech", all_of_them)


async def ask(replica: Replica, path: str) -> int:
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "scheme": "http",
    }
    await replica.asgi(scope, receive, send)
    (status,) = statuses
    return status


async def test_it_serves_until_it_is_told_to_end(settings: Settings) -> None:
    told = False
    replica = Replica(settings, alone())
    await replica.start(lambda: told)
    try:
        assert await ask(replica, "/readyz") == 200
        assert await ask(replica, "/api/info") == 200
        assert replica.load() == {"capacity": 0.0, "delay": 0.0}
        replica.check_health()
        told = True
        while await ask(replica, "/readyz") == 200:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert await ask(replica, "/api/info") == 503
        replica.check_health()  # a replica that drains is not to be replaced
    finally:
        await replica.stop()


async def test_it_has_its_models_and_its_name(
    settings: Settings, installed: list[list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    replica = Replica(settings, alone())
    with caplog.at_level(logging.WARNING):
        await replica.start(lambda: False)
    try:
        needed, optional = installed
        assert set(settings.asr.models) | set(settings.tts.models) <= set(needed)
        assert optional == ["libime-zh"]
        assert "no network; it is optional" in caplog.text
        metrics = await replica.metrics()
        assert (metrics.replica, metrics.deployment) == ("r1", "speech")
        assert "liusheng_ready 1.0" in metrics.text
        assert await ask(replica, "/metrics") == 200
    finally:
        await replica.stop()


async def test_one_without_workers_is_not_healthy(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = Replica(settings, alone())
    await replica.start(lambda: False)
    try:
        pool = type("Pool", (), {"alive": 0, "size": 2})()
        monkeypatch.setattr(Engines, "pools", property(lambda _: {"recognition": pool}))
        with pytest.raises(RuntimeError, match="none of the 2 processes of recognition is alive"):
            replica.check_health()
    finally:
        await replica.stop()


async def test_a_start_that_fails_leaves_nothing_running(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = []

    class Engine:
        pools: dict[str, Any] = {}  # noqa: RUF012

        def __init__(self, fail: bool) -> None:
            self._fail = fail

        async def start(self) -> None:
            if self._fail:
                raise OSError("no model")

        async def stop(self) -> None:
            stopped.append(self._fail)

    engines: Callable[..., Engines] = lambda *_: Engines(Engine(True), Engine(False))  # type: ignore[arg-type] # noqa: E731
    monkeypatch.setattr(module, "make_engines", engines)
    with pytest.raises(OSError, match="no model"):
        await Replica(settings, alone()).start(lambda: False)
    assert sorted(stopped) == [False, True]
