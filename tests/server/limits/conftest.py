"""A server whose limits a test can look at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from liusheng.server import uvicorn_server
from liusheng.server.limits.server_limits import ServerLimits
from tests.server.conftest import Serve, Server
from tests.support.certificates import Authority

Limited = Callable[..., Awaitable[tuple[Server, ServerLimits]]]
Run = Callable[[Coroutine[Any, Any, None]], None]


def _loops() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    loops = {"asyncio": asyncio.new_event_loop}
    try:
        import uvloop
    except ImportError:  # Windows
        return loops
    return {**loops, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=_loops())
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine on a loop of each kind."""

    def run(scenario: Coroutine[Any, Any, None]) -> None:
        loop = _loops()[request.param]()
        try:
            loop.run_until_complete(scenario)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    return run


@pytest.fixture
def limited(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Limited:
    """Start a server: `server, limits = await limited(max_connections=3)`."""

    async def start(**settings: Any) -> tuple[Server, ServerLimits]:
        made: list[ServerLimits] = []

        def make(*args: Any, **options: Any) -> ServerLimits:
            made.append(ServerLimits(*args, **options))
            return made[-1]

        monkeypatch.setattr(uvicorn_server, "ServerLimits", make)
        server = await serve(limits=settings)
        while not made:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return server, made[0]

    return start


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("this never happened")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("tls"))
    made.issue()
    return made
