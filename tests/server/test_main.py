"""The server process: how it starts and ends."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from liusheng.asr.options import AsrOptions
from liusheng.runtime.decoding.options import DecodingOptions
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server import main
from liusheng.server.config.settings import Settings
from liusheng.server.engines import Engines
from liusheng.server.lifecycle.signals import Stop


@pytest.fixture
def fake_engines(fakes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of a model, a worker process that starts at once."""

    def make(*_: object, **__: object) -> Engines:
        recognition = RecognitionService(
            [],
            AsrOptions(),
            RecognitionServiceOptions(),
            PoolOptions(),
            factory="tests.support.fake_handlers.echo",
        )
        return Engines(recognition, decoding=DecodingService(DecodingOptions()))

    monkeypatch.setattr(main, "make_engines", make)


def settings(home: Path, port: int = 0, wyoming: int = 0) -> Settings:
    groups: dict[str, Any] = {
        "asr": {"models": ["tiny"]},
        "tts": {"models": []},
        "wyoming": {"port": wyoming},
    }
    return Settings(home=home, ports=[port], **groups)


async def serves_until(
    number: signal.Signals, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Start a server, wait until it says where it listens, and end it by a signal."""
    serving = asyncio.create_task(main._serve(settings(home)))
    shown = ""
    while "Stop with Ctrl-C." not in shown:
        await asyncio.sleep(0.02)
        assert not serving.done()
        shown += capsys.readouterr().out
    assert "recognition" in shown
    signal.raise_signal(number)
    assert await serving == 0


@pytest.mark.usefixtures("fake_engines")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it(
    number: signal.Signals, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await serves_until(number, tmp_path, capsys)


@pytest.mark.slow
async def test_with_the_model_of_the_package(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await serves_until(signal.SIGTERM, tmp_path, capsys)


async def test_a_signal_ends_it_before_its_models_are_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serving = asyncio.create_task(main._serve(settings(tmp_path)))
    await asyncio.sleep(0)
    signal.raise_signal(signal.SIGTERM)
    assert await serving == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("wyoming", [False, True])
async def test_a_port_in_use_is_an_error(
    wyoming: bool,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    def make(*_: object, **__: object) -> Engines:
        raise AssertionError("no model is loaded before that is known")

    monkeypatch.setattr(main, "make_engines", make)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        made = settings(tmp_path, 0 if wyoming else port, port if wyoming else 0)
        assert await main._serve(made) == 1
    assert "The server cannot start: Cannot listen on 127.0.0.1" in caplog.text
    assert f"port {port}" in caplog.text


@pytest.mark.parametrize(("platform", "loop"), [("linux", "uvloop.run"), ("win32", "asyncio.run")])
def test_the_event_loop_is_the_fastest_of_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, loop: str
) -> None:
    def run(coroutine: Coroutine[Any, Any, int]) -> int:
        coroutine.close()
        return 7

    for name in ("logs", "faulthandler"):
        monkeypatch.setattr(main, name, mock.Mock())
    monkeypatch.setattr(main, "separate_large_blocks", mock.Mock())
    monkeypatch.setattr(main, "sys", SimpleNamespace(platform=platform))
    monkeypatch.setattr(loop, run)
    assert main.run(settings(tmp_path)) == 7


async def test_what_fails_while_it_stops_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def started(_: Engines, stop: Stop) -> bool:
        stop.set()
        raise RuntimeError("a worker was ended by the signal too")

    monkeypatch.setattr(main, "_started", started)
    assert await main._serve(settings(tmp_path)) == 0
    assert "cannot start" not in caplog.text


async def test_an_engine_that_cannot_start_leaves_no_other_starting() -> None:
    class Engine:
        def __init__(self, error: Exception | None = None) -> None:
            self.error = error
            self.cancelled = False

        async def start(self) -> None:
            if self.error:
                raise self.error
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)  # as long as a process takes to end
                self.cancelled = True

    slow, broken = Engine(), Engine(FileNotFoundError("the model has gone"))
    engines: Any = (slow, broken)
    with pytest.raises(FileNotFoundError, match="the model has gone"):
        await main._started(engines, Stop())
    assert slow.cancelled
