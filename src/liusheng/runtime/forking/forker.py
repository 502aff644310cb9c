"""The forker: a process of one thread that forks others, within milliseconds.

Over its socket come requests: to make a fork for a socket (sent along), or to kill one. Back go the
process id of each fork, and its exit status.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
from collections.abc import Callable

from liusheng.runtime.forking.wire import (
    ENDED,
    FORK,
    KILL,
    NOT_STARTED,
    REPORT,
    REQUEST,
    STARTED,
)
from liusheng.runtime.readable import readable


def ignore_group_signals() -> None:
    """Ignore the signals that Ctrl-C and service managers send to all processes of a group: the
    process that started this one decides when it ends, and so do the forks."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


class Forker:
    """Makes forks and waits for them.

    serve: what a fork does with its socket; the fork ends when it returns, with status 1 if it
        raises.
    """

    def __init__(self, control: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        self._control = control
        self._serve_fork = serve
        self._numbers: dict[int, int] = {}  # of the forks, by process id
        self._wakers: tuple[socket.socket, ...] = ()

    def run(self) -> None:
        """Serve requests until the other end of the socket is closed."""
        gc.collect()
        gc.freeze()
        self._wakers = woken, wake = socket.socketpair()
        wake.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        self._report(STARTED, 0, os.getpid())
        with woken, wake:
            while True:
                ready = readable([self._control, woken])
                if woken in ready:
                    woken.recv(4096)
                    self._reap()
                if self._control in ready and not self._serve():
                    break
            signal.set_wakeup_fd(-1)
        for pid in self._numbers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _serve(self) -> bool:
        try:
            request, sockets, _, _ = socket.recv_fds(self._control, REQUEST.size, 1)
        except ConnectionError:
            return False
        if len(request) < REQUEST.size:
            return False
        kind, number = REQUEST.unpack(request)
        if kind == FORK and sockets:
            self._fork(number, socket.socket(fileno=sockets[0]))
        elif kind == FORK:  # no descriptor was free for its socket
            self._report(ENDED, number, NOT_STARTED)
        elif kind == KILL:
            # Not reaped yet, so the process id is still its own.
            for pid, each in self._numbers.items():
                if each == number:
                    os.kill(pid, signal.SIGKILL)
        return True

    def _fork(self, number: int, sock: socket.socket) -> None:
        with sock:
            try:
                pid = os.fork()
            except OSError:  # no memory, or no more processes
                self._report(ENDED, number, NOT_STARTED)
                return
            if not pid:
                self._be_fork(sock)  # does not return
        self._numbers[pid] = number
        self._report(STARTED, number, pid)

    def _be_fork(self, sock: socket.socket) -> None:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # Or the end of this forker would not be seen while a fork of it runs.
            for mine in (self._control, *self._wakers):
                mine.close()
            self._serve_fork(sock)
            status = 0
        finally:
            os._exit(status)

    def _reap(self) -> None:
        while self._numbers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            number = self._numbers.pop(pid, None)
            if number is not None:  # or a library began it
                self._report(ENDED, number, status)

    def _report(self, kind: bytes, number: int, value: int) -> None:
        with contextlib.suppress(ConnectionError):  # `run` sees the end of the socket too
            self._control.sendall(REPORT.pack(kind, number, value))
