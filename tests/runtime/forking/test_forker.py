"""A forker, run here; forks, signals and their ends are fakes."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from liusheng.runtime.forking import forker as module
from liusheng.runtime.forking.forker import Forker
from liusheng.runtime.forking.wire import (
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
        self.fails = False
        self.served: list[socket.socket] = []
        self.forker = Forker(theirs, self._serve)

    def _serve(self, sock: socket.socket) -> None:
        self.served.append(sock)
        if self.fails:
            raise ValueError

    def ask(self, kind: bytes, number: int, *descriptors: int) -> bool:
        """Send a request; return whether the forker goes on."""
        socket.send_fds(self.control, [REQUEST.pack(kind, number)], list(descriptors))
        return self.forker._serve()

    def report(self) -> tuple[bytes, int, int]:
        kind, number, value = REPORT.unpack(self.control.recv(REPORT.size))
        return kind, number, value

    def start(self, number: int) -> bool:
        """Ask for a fork."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            return self.ask(FORK, number, theirs.fileno())


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    system = System()
    monkeypatch.setattr(module, "os", system)
    made = Running(system)
    with made.control, made.theirs:
        yield made


def test_a_fork_starts_and_ends(running: Running) -> None:
    assert running.start(7)
    assert running.report() == (STARTED, 7, PID)
    running.system.ends = [(PID, 256)]
    running.forker._reap()
    assert running.report() == (ENDED, 7, 256)


def test_other_processes_that_a_library_left_are_no_forks(running: Running) -> None:
    assert running.start(7)
    running.report()
    running.system.ends = [(PID + 1, 0), (PID, 0)]
    running.forker._reap()
    assert running.report() == (ENDED, 7, 0)


def test_a_fork_that_goes_on_is_not_waited_for(running: Running) -> None:
    assert running.start(7)
    running.report()
    running.system.ends = [(0, 0)]
    running.forker._reap()
    with pytest.raises(BlockingIOError):
        running.report()


def test_the_fork_that_is_meant_is_killed(running: Running) -> None:
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
def test_a_fork_serves_its_socket_and_ends(
    running: Running, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    done: list[object] = []
    signals = SimpleNamespace(
        SIGCHLD=signal.SIGCHLD,
        SIG_DFL=signal.SIG_DFL,
        set_wakeup_fd=lambda descriptor: done.append(("wakeup", descriptor)),
        signal=lambda number, handler: done.append((number, handler)),
    )
    monkeypatch.setattr(module, "signal", signals)
    running.fails = fails
    running.system.forks = 0
    with pytest.raises(ExitedError) as exited:
        running.start(7)
    assert exited.value.args == (int(fails),)
    assert done == [("wakeup", -1), (signal.SIGCHLD, signal.SIG_DFL)]
    assert len(running.served) == 1
    assert running.theirs.fileno() == -1, "the end of the forker is seen while the fork runs"
