"""A decoder's part of the exchange, in a thread of the test."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import msgspec
import numpy as np
import pytest

from liusheng.runtime.decoding import wire, worker
from tests.support import hostile

Decode = Callable[..., tuple[bytes, list[tuple[bytes, bytes]]]]


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    """The other end of the socket of a decoder."""
    ours, theirs = socket.socketpair()
    with closing(theirs):
        decoder = threading.Thread(target=worker.serve, args=(theirs,), daemon=True)
        decoder.start()
        ours.settimeout(30)
        with closing(ours):
            yield ours
        decoder.join(30)
        assert not decoder.is_alive()


def exchange(
    sock: socket.socket, data: bytes, *, stream: bool = False, part: int = 1 << 20
) -> tuple[bytes, bytes, bytes, list[int]]:
    """Serve a file; return its PCM, the last message and the positions that were read."""
    job = wire.DecodeJob(None if stream else len(data), 16_000, 1_600)
    sock.sendall(wire.pack(wire.JOB, msgspec.json.encode(job)))
    pcm, positions = b"", []
    while True:
        kind, content = wire.receive(sock)
        if kind == wire.READ:
            position, size = wire.READ_CONTENT.unpack(content)
            positions.append(position)
            sock.sendall(wire.pack(wire.DATA, data[position : position + min(size, part)]))
        elif kind == wire.PCM:
            pcm += content
        else:
            return pcm, kind, content, positions


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("part", [1 << 20, 1_000])
def test_a_file(sock: socket.socket, stream: bool, part: int) -> None:
    data = hostile.speech(1.0)
    pcm, kind, content, positions = exchange(sock, data, stream=stream, part=part)
    assert pcm == data[44:]
    assert (kind, msgspec.json.decode(content)) == (wire.END, {"damaged": 0})
    if stream:
        assert positions == sorted(positions)


def test_an_index_at_the_end_is_found(sock: socket.socket) -> None:
    data = hostile.encoded("mp4", "aac", 44_100)
    assert data.index(b"mdat") < data.index(b"moov")
    pcm, kind, _, positions = exchange(sock, data, part=1_000)
    assert kind == wire.END
    assert abs(len(pcm) / 32_000 - 1) < 0.1
    assert positions != sorted(positions)


def test_damage_is_reported_at_the_end(sock: socket.socket) -> None:
    data = bytearray(hostile.encoded("adts", "aac", 48_000, seconds=2.0))
    middle = len(data) // 2
    data[middle : middle + 3_000] = b"\x55" * 3_000
    pcm, kind, content, _ = exchange(sock, bytes(data))
    assert kind == wire.END
    assert pcm
    assert msgspec.json.decode(content, type=wire.DecodeSummary).damaged > 0


@pytest.mark.parametrize("name", hostile.REFUSED)
def test_what_is_refused(sock: socket.socket, name: str) -> None:
    make, words = hostile.REFUSED[name]
    pcm, kind, content, _ = exchange(sock, make())
    assert (pcm, kind) == (b"", wire.FAILED)
    failure = msgspec.json.decode(content, type=wire.DecodeFailure)
    assert words in failure.reason


def test_an_empty_stream(sock: socket.socket) -> None:
    _, kind, content, _ = exchange(sock, b"", stream=True)
    assert kind == wire.FAILED
    assert b"the file is empty" in content


def test_memory(sock: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(*_: object, **__: object) -> Iterator[np.ndarray[tuple[int], np.dtype[np.float32]]]:
        yield np.zeros(1_600, np.float32)
        raise MemoryError

    monkeypatch.setattr(worker, "decode_file", decode)
    pcm, kind, content, _ = exchange(sock, b"")
    assert (len(pcm), kind) == (3_200, wire.FAILED)
    assert b"more memory" in content


def test_a_fault_of_a_library(sock: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(*_: object, **__: object) -> None:
        raise ValueError("buffer is too small")

    monkeypatch.setattr(worker, "decode_file", decode)
    _, kind, content, _ = exchange(sock, b"")
    assert kind == wire.FAILED
    assert b"the decoder failed on it (ValueError)" in content


def test_the_owner_goes_away(sock: socket.socket) -> None:
    job = wire.DecodeJob(1_000_000, 16_000, 1_600)
    sock.sendall(wire.pack(wire.JOB, msgspec.json.encode(job)))
    assert wire.receive(sock)[0] == wire.READ


class TestRemoteFile:
    @pytest.fixture
    def file(self) -> Iterator[worker.RemoteFile]:
        ours, theirs = socket.socketpair()
        data = bytes(range(256)) * 2_000

        def serve() -> None:
            while True:
                try:
                    _, content = wire.receive(ours)
                except EOFError:
                    return
                position, size = wire.READ_CONTENT.unpack(content)
                ours.sendall(wire.pack(wire.DATA, data[position : position + size]))

        with ours, theirs:
            server = threading.Thread(target=serve)
            server.start()
            yield worker.RemoteFile(theirs, len(data))
            ours.shutdown(socket.SHUT_RDWR)
            server.join(30)

    def test_positions(self, file: worker.RemoteFile) -> None:
        assert file.seekable()
        assert file.read(3) == b"\0\1\2"
        assert (file.tell(), file.seek(7, io.SEEK_CUR)) == (3, 10)
        assert file.read(2) == b"\n\v"
        assert file.seek(-1, io.SEEK_END) == 511_999
        assert (file.read(9), file.read(9)) == (b"\xff", b"")
        assert (file.seek(300_000), file.read(1)) == (300_000, b"\xe0")
        assert len(file.read()) > 0

    def test_small_steps_are_not_read_again(self, file: worker.RemoteFile) -> None:
        assert file.read(1) == b"\0"
        file._sock.shutdown(socket.SHUT_RDWR)
        assert (file.seek(65_000), file.read(2)) == (65_000, bytes([232, 233]))
        assert (file.seek(-65_001, io.SEEK_CUR), file.read(2)) == (1, b"\1\2")
        assert (file.seek(0, io.SEEK_END), file.read(1)) == (512_000, b"")

    def test_no_such_position(self, file: worker.RemoteFile) -> None:
        with pytest.raises(OSError, match="no position -1"):
            file.seek(-1)

    def test_a_stream_has_no_positions(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            stream = worker.RemoteFile(theirs, None)
            assert not stream.seekable()
            with pytest.raises(io.UnsupportedOperation):
                stream.seek(0)
            ours.sendall(wire.pack(wire.END))
            with pytest.raises(wire.WireError):
                stream.read(1)
