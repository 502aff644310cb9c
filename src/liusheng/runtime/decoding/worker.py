"""One decoder: decodes one file, which it reads through its socket, and sends the samples back."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from typing import BinaryIO, cast

import msgspec

from liusheng.audio.containers import CONVERT, Container, DecodeError
from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.runtime.decoding import wire

_READ_AHEAD = 1 << 16  # bytes


class RemoteFile(io.RawIOBase):
    """The file to decode, which is on the other side of the socket.

    size: bytes; None: a stream.
    """

    name = "the audio"

    def __init__(self, sock: socket.socket, size: int | None) -> None:
        super().__init__()
        self._sock = sock
        self._size = size
        self._position = 0
        # What was received last, and its position: parsers go back and forth in small steps.
        self._window = b""
        self._window_start = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._size is not None

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if self._size is None:
            raise io.UnsupportedOperation("a stream is read from its beginning to its end")
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        target = start + offset
        if not 0 <= target < 1 << 63:
            raise OSError(f"there is no position {target}")
        self._position = target
        return target

    def read(self, size: int = -1) -> bytes:
        """Return some bytes, as they come; b"" at the end.

        Raises:
            EOFError: the process that owns the file has ended, or does not need the rest.
        """
        if self._size is not None and self._position >= self._size:
            return b""
        start = self._position - self._window_start
        if not 0 <= start < len(self._window):
            self._receive(size)
            start = 0
        data = self._window[start:] if size < 0 else self._window[start : start + size]
        self._position += len(data)
        return data

    def _receive(self, size: int) -> None:
        wanted = max(size, _READ_AHEAD) if size >= 0 else wire.MAX_CONTENT
        place = wire.READ_CONTENT.pack(self._position, min(wanted, wire.MAX_CONTENT))
        self._sock.sendall(wire.pack(wire.READ, place))
        kind, data = wire.receive(self._sock)
        if kind != wire.DATA:
            raise wire.WireError(f"{kind!r} in place of data")
        self._window, self._window_start = data, self._position


def serve(sock: socket.socket, on_progress: Callable[[float], None] = lambda _: None) -> None:
    """Decode the file that the other side of `sock` has.

    on_progress: called with the seconds of audio decoded so far.
    """
    try:
        _, content = wire.receive(sock)
        job = msgspec.json.decode(content, type=wire.DecodeJob)
        try:
            summary = _decode(sock, job, on_progress)
        except DecodeError as error:
            failure = wire.DecodeFailure(error.reason, error.advice)
            sock.sendall(wire.pack(wire.FAILED, msgspec.json.encode(failure)))
        except MemoryError:
            # Without a new object of any size.
            sock.sendall(_OUT_OF_MEMORY)
        except (EOFError, ConnectionError, wire.WireError):
            raise
        except Exception as error:  # of PyAV: the file is to blame
            failure = wire.DecodeFailure(
                f"the decoder failed on it ({type(error).__name__})", CONVERT
            )
            sock.sendall(wire.pack(wire.FAILED, msgspec.json.encode(failure)))
        else:
            sock.sendall(wire.pack(wire.END, msgspec.json.encode(summary)))
    except (EOFError, ConnectionError):
        return  # nobody needs the rest


_OUT_OF_MEMORY = wire.pack(
    wire.FAILED,
    msgspec.json.encode(
        wire.DecodeFailure("decoding it takes more memory than a file of audio needs", CONVERT)
    ),
)


def _decode(
    sock: socket.socket, job: wire.DecodeJob, on_progress: Callable[[float], None]
) -> wire.DecodeSummary:
    samples = 0
    damaged: list[int] = []
    for block in decode_file(
        cast(BinaryIO, RemoteFile(sock, job.size)),
        job.rate,
        block_seconds=job.block / job.rate,
        container=cast("Container | None", job.container),
        on_damage=damaged.append,
    ):
        samples += len(block)
        sock.sendall(wire.pack(wire.PCM, samples_to_pcm(block)))
        on_progress(samples / job.rate)
    return wire.DecodeSummary(sum(damaged))
