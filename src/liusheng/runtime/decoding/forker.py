"""The process that forks decoders: one for each file, within milliseconds.

`python -m liusheng.runtime.decoding.forker FD OPTIONS` is started by
`liusheng.runtime.decoding.fork_server`. FD is its end of a socket pair, OPTIONS are JSON. It has
loaded what decoding needs, has one thread, and never reads a byte of a file. A fork decodes one
file, confined, and ends.

Over FD come requests: to fork a decoder for a socket (sent along), or to kill one. Back go the
process id of each decoder, and its exit status.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import pkgutil
import select
import signal
import socket
import sys
import wave

import av
import msgspec
import numpy as np

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.runtime.decoding import confinement, worker
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

_PROGRESS = 5.0
"""Seconds of audio after which a decoder is allowed more processor time."""


_OTHER_PROGRAMS = ("av.__main__", "av.datasets")


class Forker:
    """Forks decoders and waits for them."""

    def __init__(self, control: socket.socket, options: DecodingOptions) -> None:
        self._control = control
        self._options = options
        self._numbers: dict[int, int] = {}  # of the decoders, by process id
        self._base = 0

    def run(self) -> None:
        """Serve requests until the other end of the socket is closed."""
        warm_up()
        gc.collect()
        gc.freeze()
        self._base = confinement.address_space()
        woken, wake = socket.socketpair()
        wake.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        self._report(STARTED, 0, os.getpid())
        with woken, wake:
            while True:
                ready, _, _ = select.select([self._control, woken], [], [])
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
                self._decode(sock)  # does not return
        self._numbers[pid] = number
        self._report(STARTED, number, pid)

    def _decode(self, sock: socket.socket) -> None:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            mine = confinement.confine(sock, self._options.memory_bytes, self._base)
            worker.serve(mine, _TimeKeeper())
            status = 0
        finally:
            os._exit(status)

    def _reap(self) -> None:
        while self._numbers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            self._report(ENDED, self._numbers.pop(pid), status)

    def _report(self, kind: bytes, number: int, value: int) -> None:
        with contextlib.suppress(ConnectionError):  # `run` sees the end of the socket too
            self._control.sendall(REPORT.pack(kind, number, value))


class _TimeKeeper:
    """Allows more processor time as more audio is decoded."""

    def __init__(self) -> None:
        self._next = _PROGRESS

    def __call__(self, decoded: float) -> None:
        if decoded >= self._next:
            self._next = decoded + _PROGRESS
            confinement.allow_processor_time(decoded)


def warm_up() -> None:
    """Load all that a decoder imports, which it cannot do itself: PyAV's modules (those for
    subtitles are imported when a film has some), and what decoding a file of our own needs."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in _OTHER_PROGRAMS:
            importlib.import_module(module.name)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(44_100)
        out.writeframes(samples_to_pcm(np.zeros(8_820, np.float32)))
    file.seek(0)
    for _ in decode_file(file, 16_000):
        pass
    with contextlib.suppress(ValueError):
        for _ in decode_file(io.BytesIO(b"not audio"), 16_000):
            pass


def main() -> None:
    """Run a forker."""
    # Ctrl-C and a service manager's SIGTERM go to the whole process group; the process that started
    # this one decides when it ends, and so do the decoders.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    options = msgspec.json.decode(sys.argv[2], type=DecodingOptions)
    os.nice(options.nice)
    Forker(control, options).run()


if __name__ == "__main__":
    main()
