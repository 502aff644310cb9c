from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from liusheng.cli import audio_sources, main
from liusheng.runtime.decoding import blocking
from tests.support import hostile

from ..client.conftest import FakeServer

Make = Callable[[str, float], Path]
Capture = pytest.CaptureFixture[str]


def test_a_file(server: FakeServer, recording: Make, capsys: Capture) -> None:
    assert main(["asr", str(recording("a.wav", 0.2)), "--lang", "zh"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "3包。\n"
    assert captured.err == ""  # the status line is for terminals
    start, *packets, end = server.received
    assert start == {
        "name": "a.wav",
        "nbest": 1,
        "signal": "start",
        "lang": "zh",
        "resumable": True,
    }
    assert [len(p) for p in packets] == [2_720, 2_720, 960]
    assert json.loads(end)["signal"] == "end"


def test_json(server: FakeServer, recording: Make, capsys: Capture) -> None:
    server.modern = True
    path = str(recording("a.wav", 0.1))
    assert main(["asr", path, "--json"]) == 0
    first, second, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert first.pop("after") >= 0
    assert first == {
        "file": path, "type": "partial", "text": "包0", "stable": "包", "utterance": 0,
    }  # fmt: skip
    assert second["text"] == "包1"
    assert last["type"] == "final"
    assert last["text"] == "2包。"
    assert last["words"][1] == {"text": "包", "start": 0.5, "end": 1.0}


def test_several_files(server: FakeServer, recording: Make, capsys: Capture) -> None:
    a, b = str(recording("a.wav", 0.1)), str(recording("b.wav", 0.2))
    assert main(["asr", a, b]) == 0
    assert capsys.readouterr().out == f"{a}: 2包。\n{b}: 3包。\n"


@pytest.mark.parametrize("seconds", [0.1, 0.0])
def test_a_name_that_is_no_utf8(
    server: FakeServer, recording: Make, capsys: Capture, seconds: float
) -> None:
    path = os.fsdecode(os.fsencode(recording("a.wav", seconds).parent) + b"/\xff.wav")
    try:
        recording("a.wav", seconds).rename(path)
    except OSError:
        pytest.skip("file names are always UTF-8 here")
    assert main(["asr", path, "--json"]) == (0 if seconds else 1)
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["file"].endswith("/�.wav")
    if seconds:
        assert server.received[0]["name"] == "�.wav"


@pytest.mark.slow
def test_the_progress_bar_leaves_a_pipe_alone(server: FakeServer, recording: Make) -> None:
    """`liusheng asr *.wav > texts.txt` on a terminal: bar on the terminal, texts in the file."""
    a, b = str(recording("a.wav", 0.1)), str(recording("b.wav", 0.2))
    out, shown = on_a_terminal("asr", a, b)
    assert out == f"{a}: 2包。\n{b}: 3包。\n"
    assert "Transcribing" in shown


def test_a_connection_that_breaks(server: FakeServer, recording: Make, capsys: Capture) -> None:
    server.hang_up_once_after = 1
    assert main(["asr", str(recording("a.wav", 0.2))]) == 0
    captured = capsys.readouterr()
    assert captured.out == "3包。\n"
    lost, again = captured.err.splitlines()
    assert lost.startswith("Reconnecting: The connection to ws://127.0.0.1:")
    assert again == "Connected again; nothing was lost."


@pytest.mark.slow
def test_partials_on_a_terminal(server: FakeServer, recording: Make) -> None:
    server.modern = True
    out, shown = on_a_terminal("asr", str(recording("a.wav", 0.1)))
    start, dim, plain = "\r\x1b[2K", "\x1b[2m", "\x1b[22m"
    assert shown == f"{start}包{dim}0{plain}{start}包{dim}1{plain}{start}"
    assert out == "2包。\n"


def on_a_terminal(*arguments: str) -> tuple[str, str]:
    """Run with standard error on a terminal; return standard output, and what the terminal got."""
    terminal, stderr = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "liusheng.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(stderr)
    out, _ = process.communicate()
    shown = os.read(terminal, 65_536)
    os.close(terminal)
    return out.decode(), shown.decode()


def test_one_bad_file_does_not_stop_the_rest(
    server: FakeServer, recording: Make, tmp_path: Path, capsys: Capture
) -> None:
    good = str(recording("good.wav", 0.1))
    (tmp_path / "notes.txt").write_text("not audio")
    assert main(["asr", "missing.wav", "notes.txt", str(tmp_path), good]) == 1
    captured = capsys.readouterr()
    assert captured.out == f"{good}: 2包。\n"
    missing, notes, folder = captured.err.splitlines()
    assert missing == "error: missing.wav: No such file or directory"
    assert notes == "error: notes.txt: the file is not audio in a supported format"
    assert folder == f"error: {tmp_path} is a folder: `liusheng transcribe` takes folders"
    assert len([m for m in server.received if isinstance(m, dict)]) == 1


def test_errors_in_json(server: FakeServer, recording: Make, capsys: Capture) -> None:
    path = str(recording("a.wav", 0.1))
    server.answers[0] = '{"status": "error", "code": "server_busy", "message": "Full."}'
    assert main(["asr", path, "missing.wav", "--json"]) == 1
    busy, missing = map(json.loads, capsys.readouterr().out.splitlines())
    assert busy["type"] == missing["type"] == "error"
    assert (busy["code"], missing["code"]) == ("server_busy", "cannot_read")
    assert "Full." in busy["message"]


def test_no_server(
    recording: Make, capsys: Capture, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(recording("a.wav", 0.1))
    url = f"ws://127.0.0.1:{unused_tcp_port}"
    for where in (["--server", url], []):
        monkeypatch.setenv("LIUSHENG_SERVER", url)
        assert main(["asr", path, path, *where]) == 1
        err = capsys.readouterr().err
        assert err.count("There is no server at") == 1  # not once a file
        assert "Connection refused" in err
        assert "Start one with `liusheng serve`, or name another with --server" in err


def test_standard_input(
    server: FakeServer, recording: Make, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = recording("a.wav", 0.2).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(audio)))
    assert main(["asr", "-"]) == 0
    assert capsys.readouterr().out == "3包。\n"
    assert server.received[0]["name"] == "stdin"


def test_realtime_waits_for_the_speaker(
    server: FakeServer, recording: Make, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    now = 100.0

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now

        @staticmethod
        def sleep(seconds: float) -> None:
            nonlocal now
            waits.append(seconds)
            now += seconds

    monkeypatch.setattr(audio_sources, "time", Clock)
    assert main(["asr", str(recording("a.wav", 0.2)), "--realtime"]) == 0
    assert waits == pytest.approx([0.085, 0.085, 0.03])
    assert main(["asr", str(recording("a.wav", 0.2))]) == 0
    assert len(waits) == 3
    assert time.monotonic is not Clock.monotonic


def test_the_microphone(
    server: FakeServer, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def packets(stop: asyncio.Event, on_open: Callable[[], None]) -> AsyncIterator[bytes]:
        on_open()
        yield bytes(2_720)
        os.kill(os.getpid(), signal.SIGINT)
        await stop.wait()
        yield bytes(2_720)

    monkeypatch.setattr("liusheng.cli.asr.microphone", packets)
    assert main(["asr", "--mic"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "2包。\n"
    assert captured.err == "Recording; press Ctrl-C to stop.\n"


def test_no_microphone(
    server: FakeServer, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    assert main(["asr", "--mic"]) == 1
    assert "pip install 'liusheng[mic]'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["one_hertz", "twelve_channels", "picture", "empty"])
def test_a_hostile_file(
    server: FakeServer, tmp_path: Path, recording: Make, capsys: Capture, name: str
) -> None:
    make, words = hostile.REFUSED[name]
    path = tmp_path / "bad.wav"
    path.write_bytes(make())
    assert main(["asr", str(path), str(recording("a.wav", 0.2))]) == 1
    captured = capsys.readouterr()
    assert f"{path.name}: " in captured.err
    assert words in captured.err
    assert captured.out.endswith("3包。\n"), "the next file is processed"


def test_a_file_that_ends_its_decoder(
    server: FakeServer, recording: Make, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a fault in FFmpeg would."""
    exchange = blocking._exchange

    def die(*arguments: Any) -> Iterator[bytes]:
        blocks = exchange(*arguments)
        next(blocks)
        pid = blocking._shared().pid
        (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(int(child), signal.SIGSEGV)
        yield from blocks

    monkeypatch.setattr(blocking, "_exchange", die)
    assert main(["asr", "--json", str(recording("a.wav", 100))]) == 1
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line["code"] == "not_audio"
    assert "the decoder crashed on it" in line["message"]
