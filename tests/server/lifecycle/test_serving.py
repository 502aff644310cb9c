"""What runs beside a server: its faults do not end it."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from liusheng.server.access.opening import open_access
from liusheng.server.access.tls import Certificate
from liusheng.server.config.settings import Settings
from liusheng.server.engines import Engines
from liusheng.server.lifecycle import serving
from liusheng.server.lifecycle.sd_notify import SystemdNotifier
from liusheng.server.lifecycle.serving import Control, serve_until_stopped
from liusheng.server.listening import BoundPorts, bind

pytestmark = pytest.mark.asyncio(loop_scope="session")


class BrokenNotifier(SystemdNotifier):
    """Cannot be told of reloads, at first."""

    def __init__(self) -> None:
        super().__init__({})
        self.failures = 2
        self.reloads = 0

    def reloading(self) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("no such socket")
        self.reloads += 1


async def test_a_reload_that_raises_does_not_end_the_server(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serving, "_AGAIN_SECONDS", 0.01)
    settings = Settings.model_validate(
        {"ports": [0], "drain": {"seconds": 0}, "asr": {"models": ["tiny"]}, "tts": {"models": []}}
    )
    notifier = BrokenNotifier()
    settled: list[int] = []
    control = Control(
        reread=lambda: settings,
        make_engines=lambda _: Engines(),
        notifier=notifier,
        settle=lambda: settled.append(notifier.reloads),
    )
    listening = bind("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    running = asyncio.create_task(
        serve_until_stopped(
            settings, BoundPorts([listening]), Engines(), open_access(settings), control
        )
    )
    for _ in range(3000):
        if notifier.reloads:
            break
        control.hangup.set()
        await asyncio.sleep(0.01)
    assert notifier.reloads
    assert not running.done()
    assert caplog.text.count("the task reload failed, and is started again") == 2
    async with httpx2.AsyncClient(timeout=60) as client:
        assert (await client.get(f"{address}/healthz")).status_code == 200
    assert settled == [0], "at the start"
    control.stop.set()
    await asyncio.wait_for(running, 60)


async def test_a_certificate_that_is_not_watched_any_more_is_watched_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "_AGAIN_SECONDS", 0.0)
    certificate = object.__new__(Certificate)
    watched = asyncio.Event()

    async def watch() -> None:
        if not calls:
            calls.append(1)
            raise RuntimeError("no such file system")
        watched.set()
        await asyncio.Event().wait()

    calls: list[int] = []
    monkeypatch.setattr(certificate, "watch", watch, raising=False)
    task = asyncio.create_task(serving._keep_running("certificate", certificate.watch))
    await asyncio.wait_for(watched.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
