"""`/metrics` of a server of which there are several behind one address."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from liusheng.protocol import paths
from liusheng.protocol.operation import Readiness, WorkerCount
from liusheng.server.lifecycle import serving
from liusheng.server.observe.observer import Observer
from tests.server.conftest import Serve

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Peers:
    """Answers for two."""

    async def metrics(self, own: str) -> str:
        return own + "the_other_one 1\n"


async def test_it_answers_for_all(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    class WithPeers(Observer):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self.peers = Peers()

    monkeypatch.setattr(serving, "Observer", WithPeers)
    server = await serve()
    async with httpx2.AsyncClient() as client:
        answer = await client.get(f"http://{server.address}{paths.METRICS}")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "liusheng_build_info" in answer.text
    assert answer.text.endswith("the_other_one 1\n")


@pytest.mark.parametrize(("ready", "status"), [(True, 200), (False, 503)])
async def test_it_is_ready_if_what_it_needs_elsewhere_is(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, ready: bool, status: int
) -> None:
    class Elsewhere:
        async def readiness(self) -> Readiness:
            reasons = [] if ready else ["no synthesis: it is gone"]
            workers = {"far away": WorkerCount(int(ready), 1)}
            return Readiness(ready=ready, reasons=reasons, workers=workers)

    class WithElsewhere(Observer):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self.elsewhere = Elsewhere()

    monkeypatch.setattr(serving, "Observer", WithElsewhere)
    server = await serve()
    async with httpx2.AsyncClient() as client:
        answer = await client.get(f"http://{server.address}{paths.READYZ}")
    assert answer.status_code == status
    assert answer.json()["ready"] is ready
    assert {"recognition", "far away"} <= set(answer.json()["workers"])
    assert answer.json()["reasons"] == ([] if ready else ["no synthesis: it is gone"])
