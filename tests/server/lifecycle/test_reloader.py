"""A reload with engines that are fakes: what is kept, what is started, what is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from liusheng.server import logs
from liusheng.server.access.key_file import change_keys
from liusheng.server.access.opening import ExposedError, open_access
from liusheng.server.config.settings import Settings
from liusheng.server.config.sources import SettingsError
from liusheng.server.engines import Engines
from liusheng.server.lifecycle import reload
from liusheng.server.lifecycle.generations import Generation, Generations
from liusheng.server.observe.observer import Observer


class FakeEngine:
    def __init__(self, options: str = "") -> None:
        self.options = options
        self.started = self.stopped = self.streams = 0
        self.failure: Exception | None = None

    def limit(self, options: str) -> None:
        self.options = options

    async def start(self) -> None:
        self.started += 1
        if self.failure:
            raise self.failure

    async def stop(self) -> None:
        self.stopped += 1


class Reload:
    """A reloader, and what it works with."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        models: dict[str, Any] = {
            "asr": {"models": ["tiny"]},
            "tts": {"models": []},
            "access": {"keys_file": home / "keys.json"},
        }
        self.settings = Settings(home=home, **models)
        self.fault = ""
        self.running, self.made = FakeEngine("old"), FakeEngine("new")
        self.limits: list[Any] = []
        server: Any = SimpleNamespace(limit=self.limits.append)
        self.generations = Generations(self.generation(self.running))
        monkeypatch.setattr(Generation, "of", self.made_generation)
        monkeypatch.setattr(logs, "set_up", lambda *_: None)
        self.reloader = reload.Reloader(
            self.settings,
            open_access(self.settings).keyring,
            self.read,
            lambda _: self.engines(self.made),
            self.generations,
            server,
            Observer(),
        )

    def read(self) -> Settings:
        if self.fault:
            raise SettingsError(self.fault)
        return self.settings

    def engines(self, engine: Any) -> Engines:
        return Engines(engine)

    def application(self) -> Any:
        return SimpleNamespace(
            release_idle=lambda: None, take_over=lambda: None, watch=asyncio.Event().wait
        )

    def made_generation(
        self, _: object, engines: Engines, __: object, before: Any, ___: object
    ) -> Generation:
        assert before is self.generations.current.application, "it takes over what outlives it"
        return Generation(self.application(), engines, "")

    def generation(self, engine: FakeEngine) -> Generation:
        return Generation(self.application(), self.engines(engine), "")

    def change(self, **changes: Any) -> None:
        self.settings = self.settings.model_copy(update=changes)

    @property
    def current(self) -> Any:
        return self.generations.current.engines.recognition


@pytest.fixture
async def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reload:
    return Reload(tmp_path, monkeypatch)


async def test_without_a_change_the_engine_is_kept_and_gets_the_limits(
    made: Reload, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        assert await made.reloader.reload()
    assert made.current is made.running
    assert made.running.options == "new"
    assert not made.made.started
    assert made.limits == [made.settings.limits]
    assert "changed: none; engines exchanged: 0" in caplog.text


async def test_another_engine_takes_over(made: Reload, caplog: pytest.LogCaptureFixture) -> None:
    made.change(workers=made.settings.workers.model_copy(update={"nice": 3}))
    with caplog.at_level("INFO"):
        assert await made.reloader.reload()
    await asyncio.gather(*made.generations._retiring)
    assert made.current is made.made
    assert (made.made.started, made.running.stopped) == (1, 1)
    assert "changed: workers.nice; engines exchanged: 1" in caplog.text


async def test_an_engine_that_cannot_start_changes_nothing(
    made: Reload, caplog: pytest.LogCaptureFixture
) -> None:
    made.change(workers=made.settings.workers.model_copy(update={"nice": 3}))
    made.made.failure = ValueError("the model is broken")
    assert not await made.reloader.reload()
    assert "the old ones stay: the model is broken" in caplog.text
    assert made.current is made.running
    assert made.made.stopped == 1
    assert not made.limits
    made.made.failure = None
    assert await made.reloader.reload(), "it can be tried again"


async def test_a_secret_that_cannot_be_read_is_found_before_models_are_loaded(
    made: Reload, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    resume = made.settings.resume.model_copy(update={"secret_file": str(tmp_path / "gone")})
    made.change(resume=resume, workers=made.settings.workers.model_copy(update={"nice": 3}))
    assert not await made.reloader.reload()
    assert "gone cannot be read: No such file or directory" in caplog.text
    assert not made.made.started


async def test_invalid_settings_change_nothing(
    made: Reload, caplog: pytest.LogCaptureFixture
) -> None:
    made.fault = "limits.max_sessions = 0: must be at least 1."
    assert not await made.reloader.reload()
    assert "must be at least 1" in caplog.text
    assert made.current is made.running


async def test_a_port_cannot_change(made: Reload, caplog: pytest.LogCaptureFixture) -> None:
    made.change(ports=[1], host="::1")
    assert await made.reloader.reload()
    assert "ports = [1] is used after a restart only; it is still [8090]" in caplog.text
    assert (made.reloader.settings.host, made.reloader.settings.ports) == ("127.0.0.1", [8090])


async def test_nor_can_what_uvicorn_was_set_up_with(
    made: Reload, caplog: pytest.LogCaptureFixture
) -> None:
    access = made.settings.access.model_copy(update={"trusted_proxies": ["10.0.0.1"]})
    made.change(access=access.model_copy(update={"origins": ["https://app.example.org"]}))
    assert await made.reloader.reload()
    assert "access.trusted_proxies = ['10.0.0.1'] is used after a restart only" in caplog.text
    assert made.reloader.settings.access.trusted_proxies == []
    assert made.reloader.settings.access.origins == ["https://app.example.org"]


async def test_a_server_that_would_be_open_to_everyone_changes_nothing(
    made: Reload, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Settings) -> None:
        raise ExposedError("everyone could use the server")

    monkeypatch.setattr(reload, "open_access", refuse)
    assert not await made.reloader.reload()
    assert "everyone could use the server" in caplog.text


async def test_a_server_that_needs_keys_is_not_opened_by_a_file_that_has_gone(
    made: Reload, caplog: pytest.LogCaptureFixture
) -> None:
    file = made.settings.access.keys_file
    change_keys(file, lambda _: [])
    assert await made.reloader.reload(), "from now on it needs keys"
    file.unlink()
    assert not await made.reloader.reload()
    assert "there are none any more" in caplog.text
    made.change(access=made.settings.access.model_copy(update={"no_auth": True}))
    assert await made.reloader.reload(), "that is a decision"


async def test_not_every_old_model_is_kept_in_memory(
    made: Reload, caplog: pytest.LogCaptureFixture
) -> None:
    held = [made.generation(FakeEngine()) for _ in range(3)]
    for generation in held:
        generation.connections = 1
        made.generations.replace(generation)
    made.generations.replace(made.generation(made.running))
    assert not await made.reloader.reload()
    assert "are still running with other models" in caplog.text
    for generation in held:
        generation.connections = 0
    await asyncio.gather(*made.generations._retiring)
    assert await made.reloader.reload()


def test_the_limits_of_each_engine_that_is_kept_are_applied() -> None:
    kept, other, made = (FakeEngine(name) for name in ("kept", "other", "made"))
    running: Any = SimpleNamespace(recognition=None, synthesis=kept)
    new: Any = SimpleNamespace(recognition=other, synthesis=made)
    reload._apply_limits(running, new)
    assert (kept.options, other.options) == ("made", "other")
