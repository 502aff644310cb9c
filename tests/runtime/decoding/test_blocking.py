"""Decoding for commands."""

from __future__ import annotations

import io
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from liusheng.audio.containers import DecodeError
from liusheng.runtime.decoding import blocking, launch, wire
from liusheng.runtime.decoding.blocking import BlockingForker, decode_file
from liusheng.runtime.decoding.options import DecodingOptions
from liusheng.runtime.forking.wire import ENDED, NOT_STARTED, REPORT, STARTED
from tests.support import hostile

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def forker() -> Iterator[BlockingForker]:
    with BlockingForker(DecodingOptions(stall_seconds=20)) as made:
        yield made
    assert not made.alive


def test_a_file_by_path_and_open(forker: BlockingForker, tmp_path: Path) -> None:
    data = hostile.speech(1.0)
    (tmp_path / "a.wav").write_bytes(data)
    blocks = list(forker.decode(tmp_path / "a.wav", 16_000, block_seconds=0.3))
    assert [len(block) for block in blocks] == [9_600, 9_600, 9_600, 3_200]
    assert b"".join(blocks) == data[44:]
    assert b"".join(forker.decode(io.BytesIO(data), 16_000)) == data[44:]


def test_a_pipe(forker: BlockingForker) -> None:
    data = hostile.speech(3.0)
    read, write = os.pipe()

    def send() -> None:
        with open(write, "wb") as pipe:  # noqa: PTH123
            pipe.write(data)

    sender = threading.Thread(target=send)
    sender.start()
    with open(read, "rb") as pipe:  # noqa: PTH123
        assert b"".join(forker.decode(pipe, 16_000)) == data[44:]
    sender.join()


def test_an_index_at_the_end(forker: BlockingForker) -> None:
    data = hostile.encoded("mp4", "aac", 44_100)
    assert abs(len(b"".join(forker.decode(io.BytesIO(data), 16_000))) / 32_000 - 1) < 0.1


@pytest.mark.parametrize("name", hostile.REFUSED)
def test_what_is_refused(forker: BlockingForker, tmp_path: Path, name: str) -> None:
    make, words = hostile.REFUSED[name]
    path = tmp_path / "diary.wav"
    path.write_bytes(make())
    with pytest.raises(DecodeError, match=rf"^diary\.wav: .*{words}"):
        list(forker.decode(path, 16_000))


def test_a_cover_is_not_decoded(forker: BlockingForker) -> None:
    data = hostile.with_cover(1_000)
    assert len(b"".join(forker.decode(io.BytesIO(data), 16_000))) == 32_000


def test_eight_channels(forker: BlockingForker) -> None:
    many = b"".join(forker.decode(io.BytesIO(hostile.eight_channels()), 16_000))
    two = hostile.encoded("wv", "wavpack", layout="stereo", seconds=0.01)
    assert many == b"".join(forker.decode(io.BytesIO(two), 16_000))
    assert len(many) == 320


def test_subtitles(forker: BlockingForker) -> None:
    """PyAV imports its module for them when a file has some, which a decoder cannot do."""
    pcm = b"".join(forker.decode(io.BytesIO(hostile.with_subtitles()), 16_000))
    assert abs(len(pcm) / 32_000 - 1) < 0.2


def test_memory(forker: BlockingForker) -> None:
    with pytest.raises(DecodeError, match="takes more memory than a file of audio needs"):
        list(forker.decode(io.BytesIO(hostile.giant_index()), 16_000))


def test_no_file(forker: BlockingForker, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(forker.decode(tmp_path / "nothing.wav", 16_000))
    with pytest.raises(IsADirectoryError):
        list(forker.decode(tmp_path, 16_000))


def test_a_decoder_dies(forker: BlockingForker) -> None:
    decoding = forker.decode(io.BytesIO(hostile.speech(60)), 16_000, block_seconds=0.1)
    next(decoding)
    children = Path(f"/proc/{forker.pid}/task/{forker.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGSEGV)
    with pytest.raises(DecodeError, match="the decoder crashed on it"):
        list(decoding)
    assert len(b"".join(forker.decode(io.BytesIO(hostile.speech(1)), 16_000))) == 32_000


def test_a_decoder_hangs() -> None:
    with BlockingForker(DecodingOptions(stall_seconds=1.5)) as forker:
        decoding = forker.decode(io.BytesIO(hostile.speech(60)), 16_000, block_seconds=0.1)
        next(decoding)
        children = Path(f"/proc/{forker.pid}/task/{forker.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGSTOP)
        with pytest.raises(DecodeError, match=r"did not progress for 1\.5 s"):
            list(decoding)


def test_what_is_not_used_ends(forker: BlockingForker) -> None:
    decoding = forker.decode(io.BytesIO(hostile.speech(60)), 16_000)
    next(decoding)
    decoding.close()  # type: ignore[attr-defined]
    children = Path(f"/proc/{forker.pid}/task/{forker.pid}/children").read_text()
    assert children == ""


def test_what_is_not_used_ends_after_its_forker() -> None:
    with BlockingForker() as forker:
        decoding = forker.decode(io.BytesIO(hostile.speech(60)), 16_000)
        next(decoding)
    decoding.close()  # type: ignore[attr-defined]


def test_threads_share_a_forker(forker: BlockingForker) -> None:
    results = []

    def decode(seconds: float) -> None:
        data = io.BytesIO(hostile.speech(seconds))
        results.append((seconds, len(b"".join(forker.decode(data, 16_000))) / 32_000))

    threads = [threading.Thread(target=decode, args=(k / 4,)) for k in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all(seconds == decoded for seconds, decoded in results)


def test_a_program_that_decodes_ends_its_forker(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(hostile.speech(0.5))
    program = (
        "import sys; from liusheng.runtime.decoding import blocking;"
        "print(sum(map(len, blocking.decode_file(sys.argv[1], 16000))), blocking._shared().pid)"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    size, pid = map(int, ran.stdout.split())
    assert (size, ran.stderr) == (16_000, "")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_forker_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "command", lambda *_: ["/bin/false"])
    with pytest.raises(OSError, match="the decoders cannot be started: 1"):
        BlockingForker()


class Undone(BlockingForker):
    """Without a process.

    answers: bytes that its decoder sends.
    """

    def __init__(self, answers: bytes, *reports: bytes) -> None:
        self.options = DecodingOptions(stall_seconds=5)
        self._control, self.other_end = socket.socketpair()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._statuses = {}
        self._answers = answers
        for report in reports:
            self.other_end.sendall(report)
        self.other_end.shutdown(socket.SHUT_WR)

    def _fork(self) -> tuple[socket.socket, int]:
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.sendall(self._answers)
            theirs.shutdown(socket.SHUT_WR)
            self.kept = theirs.dup()
        return ours, next(self._numbers)

    def failure(self) -> Exception:
        """What is raised for a file."""
        with self._control, self.other_end:
            with pytest.raises((OSError, DecodeError)) as caught:
                list(self.decode(io.BytesIO(b"file"), 16_000))
            self.kept.close()
        return caught.value


def ended(number: int, status: int) -> bytes:
    return REPORT.pack(ENDED, number, status)


def test_no_process_is_not_the_files_fault() -> None:
    started = REPORT.pack(STARTED, 1, 5)
    failure = Undone(b"", started, ended(2, 0), ended(1, NOT_STARTED)).failure()
    assert "no process can be started that decodes files" in str(failure)


@pytest.mark.parametrize(
    "answers", [b"", wire.pack(b"?"), wire.pack(wire.PCM, b"odd"), wire.pack(wire.END, b"no json")]
)
def test_a_decoder_is_not_believed(answers: bytes) -> None:
    assert isinstance(Undone(answers, ended(1, 9)).failure(), DecodeError)


def test_a_forker_may_have_ended() -> None:
    assert isinstance(Undone(b"", b"half").failure(), DecodeError)


def test_damage_is_a_warning(forker: BlockingForker, caplog: pytest.LogCaptureFixture) -> None:
    data = bytearray(hostile.encoded("adts", "aac", 48_000, seconds=2.0))
    data[len(data) // 2 : len(data) // 2 + 3_000] = b"\x55" * 3_000
    assert b"".join(forker.decode(io.BytesIO(data), 16_000))
    assert "damaged packets were skipped" in caplog.text


def test_the_shared_forker_is_one() -> None:
    list(decode_file(io.BytesIO(hostile.speech(0.1)), 16_000))
    assert blocking._shared() is blocking._shared()
