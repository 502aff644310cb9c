"""What each signal asks for; that the second one ends the process is tested with whole servers."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from liusheng.server.lifecycle.signals import Stop, handled_signals


async def test_sigterm_stops_as_the_settings_say() -> None:
    stop = Stop()
    with handled_signals(stop, asyncio.Event(), 3):
        assert not stop.is_set()
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(stop.wait(), 60)
    assert stop.seconds is None


async def test_ctrl_c_has_its_own_limit_and_says_what_a_second_one_does(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop = Stop()
    with handled_signals(stop, asyncio.Event(), 3):
        signal.raise_signal(signal.SIGINT)
        await asyncio.wait_for(stop.wait(), 60)
    assert stop.seconds == 3
    assert "Press Ctrl-C again to stop at once" in caplog.text


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signal")
async def test_a_hangup_reloads_and_stops_nothing() -> None:
    stop, hangup = Stop(), asyncio.Event()
    with handled_signals(stop, hangup, 3):
        signal.raise_signal(signal.SIGHUP)
        await asyncio.wait_for(hangup.wait(), 60)
    assert not stop.is_set()


async def test_the_second_signal_ends_the_process_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed: list[tuple[int, object]] = []
    monkeypatch.setattr(
        os, "kill", lambda _, number: killed.append((number, signal.getsignal(number)))
    )
    with handled_signals(Stop(), asyncio.Event(), 3):
        signal.raise_signal(signal.SIGINT)
        assert not killed
        signal.raise_signal(signal.SIGTERM)
    assert killed == [(signal.SIGTERM, signal.SIG_DFL)]


async def test_the_handlers_from_before_are_restored() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with handled_signals(Stop(), asyncio.Event(), 3):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
