"""The command line of a forker, and what the end of a decoder says."""

from __future__ import annotations

import os
import signal
import sys

import msgspec

from liusheng.audio.containers import CONVERT, DecodeError
from liusheng.runtime.decoding.options import DecodingOptions
from liusheng.runtime.environment import worker_environment
from liusheng.runtime.forking.fork_server import ForkServer

START_TIMEOUT = 60.0
"""Seconds that a forker may take to load its libraries."""


def command(fd: int, options: DecodingOptions) -> list[str]:
    """Return the command of a forker. fd: its end of a socket pair."""
    module = "liusheng.runtime.decoding.forker"
    return [sys.executable, "-m", module, str(fd), msgspec.json.encode(options).decode()]


def environment() -> dict[str, str]:
    """Return the environment of a forker, which must not have more than one thread."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return worker_environment() | dict.fromkeys(threads, "1")


async def start_forker(options: DecodingOptions) -> ForkServer:
    """Start a forker of decoders and wait until it is ready.

    Raises:
        ForkerLostError: it cannot be started.
    """
    return await ForkServer.start(lambda fd: command(fd, options), environment(), START_TIMEOUT)


def ending(status: int | None) -> str:
    """Return how a decoder ended, for a log. status: as of `os.wait`; None: unknown."""
    if status is None:
        return "its exit status is unknown"
    if status >= 0 and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            return signal.Signals(number).name
        except ValueError:
            return f"signal {number}"
    return f"exit status {os.waitstatus_to_exitcode(status) if status >= 0 else status}"


def ended_by_others(status: int | None) -> bool:
    """Return whether a decoder may have ended by no fault of its file: its own limits do not end it
    with SIGKILL, but the system does when it is short of memory. None: its forker died, too."""
    if status is None:
        return True
    return status >= 0 and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def death(status: int | None) -> DecodeError:
    """Return the error of a file whose decoder ended before the file did."""
    if status is not None and status >= 0 and os.WIFSIGNALED(status):
        if os.WTERMSIG(status) == signal.SIGXCPU:
            return DecodeError("decoding it takes longer than its audio lasts", CONVERT)
        if os.WTERMSIG(status) == signal.SIGKILL:
            return DecodeError("the system ended the process that decoded it", CONVERT)
        return DecodeError(
            "the decoder crashed on it; the file is damaged, or made to harm", CONVERT
        )
    return DecodeError("the decoder failed on it", CONVERT)


def stalled(seconds: float) -> DecodeError:
    """Return the error of a file with which its decoder did not progress."""
    return DecodeError(f"decoding it did not progress for {seconds:g} s", CONVERT)
