"""The process that forks decoders, run here; forks, signals and their ends are fakes."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from liusheng.runtime.decoding import forker as module
from liusheng.runtime.decoding.forker import Forker
from liusheng.runtime.decoding.options import DecodingOptions
from liusheng.runtime.decoding.wire import (
    ENDED,
    FORK,
    KILL,
    NOT_STARTED,
    REPORT,
    REQUEST,
    STARTED,
)

PID = 4_000_000


class ExitedError(BaseException):
    """In place of the end of this process."""


class System:
    """The calls of `os` that a forker makes.

    forks: what `fork` returns; None: it raises.
    ends: what `waitpid` returns, call by call.
    """

    WNOHANG = 1

    def __init__(self) -> None:
        self.forks: int | None = PID
        self.ends: list[tuple[int, int]] = []
        self.killed: list[tuple[int, int]] = []

    def fork(self) -> int:
        if self.forks is None:
            raise BlockingIOError
        return self.forks

    def kill(self, pid: int, number: int) -> None:
        self.killed.append((pid, number))

    def waitpid(self, pid: int, options: int) -> tuple[int, int]:
        assert (pid, options) == (-1, self.WNOHANG)
        return self.ends.pop(0)

    def _exit(self, status: int) -> None:
        raise ExitedError(status)


class Running:
    """A forker, the other end of its socket, and its system."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.control, theirs = socket.socketpair()
        self.control.settimeout(0)
        self.theirs = theirs
        self.forker = Forker(theirs, DecodingOptions())

    def ask(self, kind: bytes, number: int, *descriptors: int) -> bool:
        """Send a request; return whether the forker goes on."""
        socket.send_fds(self.control, [REQUEST.pack(kind, number)], list(descriptors))
        return self.forker._serve()

    def report(self) -> tuple[bytes, int, int]:
        kind, number, value = REPORT.unpack(self.control.recv(REPORT.size))
        return kind, number, value

    def start(self, number: int) -> bool:
        """Ask for a decoder."""
        ours, decoders = socket.socketpair()
        with ours, decoders:
            return self.ask(FORK, number, decoders.fileno())


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    system = System()
    monkeypatch.setattr(module, "os", system)
    made = Running(system)
    with made.control, made.theirs:
        yield made


def test_a_decoder_starts_and_ends(running: Running) -> None:
    assert running.start(7)
    assert running.report() == (STARTED, 7, PID)
    running.system.ends = [(PID, 256)]
    running.forker._reap()
    assert running.report() == (ENDED, 7, 256)


def test_a_decoder_that_goes_on_is_not_waited_for(running: Running) -> None:
    assert running.start(7)
    running.report()
    running.system.ends = [(0, 0)]
    running.forker._reap()
    with pytest.raises(BlockingIOError):
        running.report()


def test_the_decoder_that_is_meant_is_killed(running: Running) -> None:
    for number in (7, 8):
        running.system.forks = PID + number
        assert running.start(number)
    assert running.ask(KILL, 8)
    assert running.ask(KILL, 9)
    assert running.system.killed == [(PID + 8, signal.SIGKILL)]


def test_no_process_can_be_had(running: Running) -> None:
    running.system.forks = None
    assert running.start(7)
    assert running.report() == (ENDED, 7, NOT_STARTED)
    assert running.ask(FORK, 8), "no descriptor was free for its socket"
    assert running.report() == (ENDED, 8, NOT_STARTED)


def test_unknown_requests_are_ignored(running: Running) -> None:
    assert running.ask(b"?", 7)


@pytest.mark.parametrize("sent", [b"", b"F"])
def test_it_ends_with_the_other_end_of_its_socket(running: Running, sent: bytes) -> None:
    running.control.send(sent)
    running.control.close()
    assert not running.forker._serve()
    running.forker._report(STARTED, 7, PID)  # to nobody


def test_it_ends_when_the_other_end_was_reset(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reset(*_: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr("socket.recv_fds", reset)
    assert not running.forker._serve()


@pytest.mark.parametrize("fails", [False, True])
def test_a_fork_decodes_one_file_confined_and_ends(
    running: Running, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    done: list[object] = []

    def confine(sock: socket.socket, memory_bytes: int, base: int) -> str:
        done.append((memory_bytes, base))
        return "moved"

    def serve(sock: str, allow: object) -> None:
        done.append(sock)
        if fails:
            raise ValueError

    signals = SimpleNamespace(
        SIGCHLD=signal.SIGCHLD,
        SIG_DFL=signal.SIG_DFL,
        set_wakeup_fd=lambda descriptor: done.append(("wakeup", descriptor)),
        signal=lambda number, handler: done.append((number, handler)),
    )
    monkeypatch.setattr(module, "signal", signals)
    monkeypatch.setattr(module, "confinement", SimpleNamespace(confine=confine))
    monkeypatch.setattr(module, "worker", SimpleNamespace(serve=serve))
    running.system.forks = 0
    with pytest.raises(ExitedError) as exited:
        running.start(7)
    assert exited.value.args == (int(fails),)
    limits = DecodingOptions().memory_bytes
    expected = [("wakeup", -1), (signal.SIGCHLD, signal.SIG_DFL), (limits, 0), "moved"]
    assert done == expected


def test_more_time_is_allowed_as_audio_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed: list[float] = []
    monkeypatch.setattr(module, "confinement", SimpleNamespace(allow_processor_time=allowed.append))
    keeper = module._TimeKeeper()
    for decoded in (1.0, 5.0, 6.0, 9.9, 12.5, 17.0, 17.5):
        keeper(decoded)
    assert allowed == [5.0, 12.5, 17.5]
