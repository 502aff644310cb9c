"""Decoding of files for commands: the decoders of a server, for code that blocks."""

from __future__ import annotations

import atexit
import functools
import itertools
import logging
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from liusheng.audio.containers import DecodeError
from liusheng.runtime.decoding import launch, wire
from liusheng.runtime.decoding.options import DecodingOptions
from liusheng.runtime.forking.wire import ENDED, FORK, KILL, NOT_STARTED, REPORT, REQUEST

_log = logging.getLogger(__name__)

_EXIT_TIMEOUT = 10.0


class BlockingForker:
    """A forker and its decoders, as a context. May be shared by threads."""

    def __init__(self, options: DecodingOptions | None = None) -> None:
        """Start the forker, and wait until it is ready.

        Raises:
            OSError: it cannot be started.
        """
        self.options = options or DecodingOptions()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                launch.command(theirs.fileno(), self.options),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=launch.environment(),
            )
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._statuses: dict[int, int] = {}
        self._control.settimeout(launch.START_TIMEOUT)
        if len(self._control.recv(REPORT.size, socket.MSG_WAITALL)) < REPORT.size:
            self.close()
            raise OSError(f"the decoders cannot be started: {self._process.returncode}")

    def __enter__(self) -> BlockingForker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Process id of the forker."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can fork decoders."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it and its decoders."""
        self._control.close()
        self._process.wait()

    def decode(
        self,
        source: str | os.PathLike[str] | BinaryIO,
        rate: int,
        *,
        block_seconds: float = 0.5,
    ) -> Iterator[bytes]:
        """Yield the first audio stream of a file, as 16-bit PCM, mono, at `rate` hertz.

        See `liusheng.audio.decode.decode_file`.

        Raises:
            OSError: the file cannot be read.
            DecodeError: it has no audio that can be decoded.
        """
        if isinstance(source, (str, os.PathLike)):
            with Path(source).open("rb") as file:
                yield from self._decode(file, Path(source).name, rate, block_seconds)
        else:
            name = getattr(source, "name", None)
            name = name if isinstance(name, str) else "the audio"
            yield from self._decode(source, name, rate, block_seconds)

    def _decode(
        self, file: BinaryIO, name: str, rate: int, block_seconds: float
    ) -> Iterator[bytes]:
        size = file.seek(0, os.SEEK_END) if file.seekable() else None
        sock, number = self._fork()
        error = None
        try:
            with sock:
                job = wire.DecodeJob(size, rate, round(rate * block_seconds))
                yield from _exchange(sock, job, file, name)
        except DecodeError as failed:
            error = failed
        except TimeoutError:
            error = launch.stalled(self.options.stall_seconds)
        except (EOFError, ConnectionError, wire.WireError, msgspec.MsgspecError):
            status = self._status(number)
            if status == NOT_STARTED:
                raise OSError("no process can be started that decodes files") from None
            error = launch.death(status)
        finally:
            with suppress(OSError):
                self._control.send(REQUEST.pack(KILL, number))
            self._status(number)
        if error:
            raise DecodeError(error.reason, error.advice, name=name)

    def _fork(self) -> tuple[socket.socket, int]:
        """Return the socket and the number of a new decoder."""
        ours, theirs = socket.socketpair()
        number = next(self._numbers)
        with theirs:
            try:
                request = REQUEST.pack(FORK, number)
                socket.send_fds(self._control, [request], [theirs.fileno()])
            except BaseException:
                ours.close()
                raise
        # A decoder may compute so long; the time in which the file is read does not count.
        ours.settimeout(self.options.stall_seconds)
        return ours, number

    def _status(self, number: int) -> int | None:
        """Wait for the end of a decoder; return its status, as of `os.wait`, if it is known."""
        with self._lock:
            while number not in self._statuses:
                try:
                    self._control.settimeout(_EXIT_TIMEOUT)
                    report = self._control.recv(REPORT.size, socket.MSG_WAITALL)
                except OSError:
                    return None
                if len(report) < REPORT.size:
                    return None
                kind, which, value = REPORT.unpack(report)
                if kind == ENDED:
                    self._statuses[which] = value
            return self._statuses[number]


def _exchange(
    sock: socket.socket, job: wire.DecodeJob, file: BinaryIO, name: str
) -> Iterator[bytes]:
    """Yield the PCM of a file; see `liusheng.runtime.decoding.conversation`."""
    sock.sendall(wire.pack(wire.JOB, msgspec.json.encode(job)))
    position = 0 if job.size is None else -1
    while True:
        kind, content = wire.receive(sock)
        if kind == wire.READ and len(content) == wire.READ_CONTENT.size:
            place, size = wire.READ_CONTENT.unpack(content)
            size = min(size, wire.MAX_CONTENT)
            if job.size is not None and place != position:
                file.seek(min(place, job.size))
            data = _read_some(file, size)
            position = place + len(data)
            sock.sendall(wire.pack(wire.DATA, data))
        elif kind == wire.PCM and len(content) % 2 == 0:
            yield content
        elif kind == wire.END:
            if damaged := msgspec.json.decode(content, type=wire.DecodeSummary).damaged:
                _log.warning("%s: %d damaged packets were skipped", name, damaged)
            return
        elif kind == wire.FAILED:
            failure = msgspec.json.decode(content, type=wire.DecodeFailure)
            raise DecodeError(failure.reason, failure.advice)
        else:
            raise wire.WireError(f"{kind!r} with {len(content)} bytes")


def _read_some(file: BinaryIO, size: int) -> bytes:
    """Return what is there: `read` of a buffered pipe waits until it has all."""
    read: Callable[[int], bytes] = getattr(file, "read1", file.read)
    return read(size)


@functools.cache
def _shared() -> BlockingForker:
    forker = BlockingForker()
    atexit.register(forker.close)
    return forker


def decode_file(
    source: str | os.PathLike[str] | BinaryIO, rate: int, *, block_seconds: float = 0.5
) -> Iterator[bytes]:
    """Decode a file with the forker that this process shares. See `BlockingForker.decode`."""
    return _shared().decode(source, rate, block_seconds=block_seconds)
