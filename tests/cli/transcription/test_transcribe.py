"""`liusheng transcribe` with a server that follows the protocol."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from liusheng.cli import main
from liusheng.cli.transcription import batch
from liusheng.cli.transcription.batch import Transcriber
from liusheng.cli.transcription.jobs import TranscriptionJob, plan
from liusheng.cli.transcription.progress import Lines
from liusheng.client import Client, Final, ServerError, connect

from ...client.conftest import FakeServer

Make = Callable[[str, float], Path]
Capture = pytest.CaptureFixture[str]


def test_files_become_texts(
    server: FakeServer, recording: Make, tmp_path: Path, capsys: Capture
) -> None:
    recording("a.wav", 0.1)
    recording("b.wav", 0.2)
    assert main(["transcribe", "a.wav", "b.wav", "--lang", "zh"]) == 0
    assert (tmp_path / "a.txt").read_text() == "2包。\n"
    assert (tmp_path / "b.txt").read_text() == "3包。\n"
    captured = capsys.readouterr()
    assert sorted(captured.out.split()) == ["a.txt", "b.txt"]
    assert captured.err == ""
    starts = [each for each in server.received if isinstance(each, dict)]
    assert sorted(each["name"] for each in starts) == ["a.wav", "b.wav"]
    assert {each["lang"] for each in starts} == {"zh"}


def test_a_folder_becomes_several_formats(
    server: FakeServer, recording: Make, tmp_path: Path
) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    recording("in/deep/a.wav", 0.1)
    formats = ["--format", "srt", "--format", "json"]
    assert main(["transcribe", *formats, "-o", "out", "in"]) == 0
    made = sorted(str(each.relative_to(tmp_path / "out")) for each in (tmp_path / "out").rglob("*"))
    assert made == ["deep", "deep/a.json", "deep/a.srt"]
    assert "2包。" in (tmp_path / "out/deep/a.srt").read_text()


def test_it_goes_on_where_it_was(
    server: FakeServer, recording: Make, tmp_path: Path, capsys: Capture
) -> None:
    recording("a.wav", 0.1)
    recording("b.wav", 0.1)
    assert main(["transcribe", "a.wav"]) == 0
    (tmp_path / "a.txt").write_text("mine")
    assert main(["transcribe", "."]) == 0
    assert (tmp_path / "a.txt").read_text() == "mine"
    assert "transcribed before: 1 " in capsys.readouterr().err
    assert server.sessions == 2
    assert main(["transcribe", "."]) == 0
    assert server.sessions == 2
    assert main(["transcribe", ".", "--overwrite"]) == 0
    assert (tmp_path / "a.txt").read_text() == "2包。\n"


def test_one_bad_file_does_not_stop_the_rest(
    server: FakeServer, recording: Make, tmp_path: Path, capsys: Capture
) -> None:
    recording("good.wav", 0.1)
    (tmp_path / "bad.wav").write_text("not audio")
    (tmp_path / "full.txt").mkdir()
    recording("full.wav", 0.1)
    assert main(["transcribe", "missing.wav", ".", "-j", "1"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "good.txt\n"
    assert captured.err.splitlines() == [
        "error: missing.wav: No such file or directory",
        "error: bad.wav: the file is not audio in a supported format",
        "error: full.wav: full.txt is a folder: give the path of a file",
        "error: files that failed: 3 of 4",
    ]
    assert not list(tmp_path.glob(".*"))


def test_a_failure_leaves_no_file(
    server: FakeServer, recording: Make, tmp_path: Path, capsys: Capture
) -> None:
    recording("a.wav", 0.2)
    server.answers[1] = '{"status": "error", "code": "recognition_failed", "message": "Broken."}'
    assert main(["transcribe", "a.wav"]) == 1
    assert "a.wav: Broken. [recognition_failed]" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["a.wav"]


def test_a_name_that_is_no_utf8(
    server: FakeServer, recording: Make, tmp_path: Path, capsys: Capture
) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.wav")
    try:
        recording("a.wav", 0.1).rename(path)
    except OSError:
        pytest.skip("file names are always UTF-8 here")
    assert main(["transcribe", ".", "--format", "json"]) == 0
    assert capsys.readouterr().out == "�.json\n"
    assert server.received[0]["name"] == "�.wav"


def test_no_server(recording: Make, capsys: Capture, unused_tcp_port: int) -> None:
    recording("a.wav", 0.1)
    recording("b.wav", 0.1)
    assert main(["transcribe", ".", "--server", f"127.0.0.1:{unused_tcp_port}"]) == 1
    err = capsys.readouterr().err
    assert err.count("There is no server at") == 1
    assert "liusheng serve" in err


def test_folders_without_audio(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["transcribe", "empty"]) == 2
    assert "there is no audio or video file" in capsys.readouterr().err
    (tmp_path / "out").touch()
    assert main(["transcribe", "a.wav", "-o", "out"]) == 2
    assert "-o out: it is a file, and must be a folder" in capsys.readouterr().err


@pytest.mark.slow
def test_on_a_terminal(server: FakeServer, recording: Make) -> None:
    recording("a [b].wav", 0.1)
    server.busy_for = 1
    terminal, stderr = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "liusheng.cli", "transcribe", "."],
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(stderr)
    pieces = []
    with contextlib.suppress(OSError):  # as Linux ends a terminal
        while piece := os.read(terminal, 65_536):
            pieces.append(piece)
    os.close(terminal)
    shown = b"".join(pieces).decode()
    out, _ = process.communicate()
    assert out == b"a [b].txt\n", shown
    assert "a [b].wav" in shown
    assert "of 1" in shown


# Busy servers


class Log(Lines):
    """Notes what happens."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.waited_thrice = asyncio.Event()

    def began(self, job: TranscriptionJob) -> None:
        self.events.append(("began", job.source.stem))

    def waits(self, job: TranscriptionJob) -> None:
        self.events.append(("waits", job.source.stem))
        if self.events.count(("waits", job.source.stem)) == 3:
            self.waited_thrice.set()

    def ended(self, job: TranscriptionJob, problem: str) -> None:
        self.events.append(("failed" if problem else "ended", job.source.stem))


class Places(Transcriber):
    """A batch whose server has so many places, and says after how many seconds there are more."""

    places = 2
    retry_after: float | None = 60.0
    most = 0
    _taken = 0

    async def _recognize(self, job: TranscriptionJob) -> Final:
        if self._taken >= self.places:
            raise ServerError("server_busy", "Full.", retry_after=self.retry_after)
        self._taken += 1
        self.most = max(self.most, self._taken)
        await asyncio.sleep(0.01)
        self._taken -= 1
        return Final(job.source.stem)


@pytest.fixture
def client() -> Client:
    return connect("ws://127.0.0.1:1")


async def test_as_many_files_at_once_as_there_is_room(client: Client, tmp_path: Path) -> None:
    """The server's 60 s are not waited for: a file of the batch that ends leaves its place."""
    log = Log()
    jobs = plan([str(tmp_path / f"{n}.wav") for n in range(9)], ["txt"], None)
    places = Places(client, log, 5, "auto")
    await asyncio.wait_for(places.run(jobs), 20)
    assert places.most == 2
    assert ("waits", "2") in log.events
    assert sorted(name for kind, name in log.events if kind == "ended") == [*"012345678"]
    assert [(tmp_path / f"{n}.txt").read_text() for n in range(9)] == [f"{n}\n" for n in range(9)]


@pytest.mark.parametrize("seconds", [None, 0.0, 0.02])
async def test_a_server_that_is_busy_with_others_is_asked_again(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float | None
) -> None:
    monkeypatch.setattr(batch, "_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(batch, "_LEAST_PAUSE_SECONDS", 0.01)
    log = Log()
    places = Places(client, log, 1, "auto")
    places.places, places.retry_after = 0, seconds
    running = asyncio.create_task(places.run(plan([str(tmp_path / "a.wav")], ["txt"], None)))
    await asyncio.wait_for(log.waited_thrice.wait(), 20)
    places.places = 1
    await asyncio.wait_for(running, 20)
    assert log.events[-1] == ("ended", "a")


def test_a_handshake_that_is_refused_names_the_time(
    server: FakeServer, recording: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the field of a refused recognition."""
    waited: list[float | None] = []
    first = Transcriber._recognize

    async def noting(self: Transcriber, job: TranscriptionJob) -> Final:
        try:
            return await first(self, job)
        except ServerError as error:
            waited.append(error.retry_after)
            raise

    monkeypatch.setattr(Transcriber, "_recognize", noting)
    recording("a.wav", 0.1)
    busy = {"status": "error", "code": "server_busy", "message": "Full.", "retry_after": 0.25}
    server.greeting = json.dumps(busy)

    def clear(self: Lines, job: TranscriptionJob) -> None:
        server.greeting = None

    monkeypatch.setattr(Lines, "waits", clear)
    assert main(["transcribe", "a.wav"]) == 0
    assert waited == [0.25]
