from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import wave
from pathlib import Path

import pytest

from liusheng.audio.decode import decode_file
from liusheng.cli import main
from liusheng.cli.playback import wav_stream_header

from ..client.conftest import FakeServer
from .conftest import Programs

Capture = pytest.CaptureFixture[str]


def frames(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        assert file.getparams()[:3] == (1, 2, 24_000)
        return bytes(file.readframes(file.getnframes()))


def test_into_a_file(server: FakeServer, tmp_path: Path, capsys: Capture) -> None:
    assert main(["tts", "abc", "-o", "hello.wav"]) == 0
    assert frames(tmp_path / "hello.wav") == b"a0a1a2"
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(
        r"first packet after \d+ ms, 0\.00 s of speech in \d+\.\d\d s "
        r"\(real-time factor [\d.]+\), in hello\.wav\n",
        captured.err,
    )
    assert server.received[1] == {"text": "abc", "spk_id": 0}


def test_what_was_not_read_is_told(server: FakeServer, capsys: Capture) -> None:
    server.skipped = [
        {"span": [1, 2], "text": "😀", "reason": "emoji"},
        {"span": [3, 4], "text": "😀", "reason": "emoji"},
        {"span": [5, 40], "text": "print(1)\n" * 4, "reason": "code"},
        {"span": [41, 46], "text": "こんにちは", "reason": "no_voice_for_script"},
    ]
    assert main(["tts", "abc", "-o", os.devnull]) == 0
    warning = capsys.readouterr().err.splitlines()[0]
    assert warning == (
        "warning: not read: 😀 (emoji), print(1) print(1) pr… (code), "
        "こんにちは (no voice for script)"
    )
    server.skipped = [{"span": [n, n + 1], "text": str(n), "reason": "symbol"} for n in range(13)]
    assert main(["tts", "abc", "-o", os.devnull]) == 0
    assert "9 (symbol) and 3 more\n" in capsys.readouterr().err


def test_options(server: FakeServer) -> None:
    arguments = ["--voice", "heart", "--spk-id", "2", "--speed", "1.5"]
    assert main(["tts", "abc", "-o", os.devnull, *arguments]) == 0
    assert server.received[1] == {"text": "abc", "spk_id": 2, "voice": "heart", "speed": 1.5}


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_standard_input_line_by_line(
    server: FakeServer, tmp_path: Path, arguments: list[str]
) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "liusheng.cli", "tts", *arguments, "-o", "out.wav"],
        input="第一句。\n\n  第二句。  \nlast".encode(),
        capture_output=True,
        check=True,
        env={**os.environ, "LIUSHENG_SERVER": server.url},
    )
    assert b"s of speech, in out.wav" in result.stderr
    texts = [m["text"] for m in server.received if "text" in m]
    assert texts == ["第一句。", "第二句。", "last"]


def test_a_line_that_cannot_be_spoken_is_named(server: FakeServer, tmp_path: Path) -> None:
    server.modern, server.failing_text = True, "مرحبا\n"
    server.skipped = [{"span": [0, 5], "text": "مرحبا", "reason": "no_voice_for_script"}]
    result = subprocess.run(
        [sys.executable, "-m", "liusheng.cli", "tts", "-o", "out.wav"],
        input="第一行。\nمرحبا\n第三行。".encode(),
        capture_output=True,
        check=True,
        env={**os.environ, "LIUSHENG_SERVER": server.url},
    )
    assert "not read: مرحبا (no voice for script)" in result.stderr.decode()
    assert (tmp_path / "out.wav").stat().st_size > 44


def test_an_argument_that_is_no_utf8(server: FakeServer) -> None:
    assert main(["tts", os.fsdecode(b"\xffabc"), "-o", os.devnull]) == 0
    assert server.received[1]["text"] == "�abc"


def test_the_output_must_be_a_file(server: FakeServer, capsys: Capture) -> None:
    assert main(["tts", "abc", "-o", "-"]) == 2
    assert "must be a file, not a stream" in capsys.readouterr().err
    assert server.received == []


def test_a_text_without_speech(server: FakeServer, tmp_path: Path, capsys: Capture) -> None:
    server.modern = True
    server.failing_text = "!"
    assert main(["tts", "!", "-o", "a.wav"]) == 1
    assert capsys.readouterr().err == "error: There is nothing to say. [nothing_to_say]\n"
    server.audio_frames = 0
    assert main(["tts", "a", "-o", "a.wav"]) == 1
    assert "the server sent no audio" in capsys.readouterr().err
    assert list(tmp_path.glob("*.wav*")) == []  # no empty file is left


def test_a_file_that_cannot_be_written(server: FakeServer, capsys: Capture) -> None:
    assert main(["tts", "a", "-o", "no/such/folder/a.wav"]) == 1
    err = capsys.readouterr().err
    assert err == "error: no/such/folder/a.wav cannot be written: No such file or directory\n"


def test_no_server(capsys: Capture, unused_tcp_port: int) -> None:
    assert main(["tts", "a", "-o", "a.wav", "--server", f"127.0.0.1:{unused_tcp_port}"]) == 1
    assert "Start one with `liusheng serve`" in capsys.readouterr().err


def test_playback(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    log: list[object] = []

    class Recorder:
        def __init__(self, rate: int) -> None:
            assert rate == 24_000

        def write(self, pcm: bytes) -> None:
            log.append(pcm)

        def close(self) -> None:
            log.append("close")

        def abort(self) -> None:
            log.append("abort")

    monkeypatch.setattr("liusheng.cli.playback.Loudspeaker", Recorder)
    assert main(["tts", "abc", "--play", "-o", "too.wav"]) == 0
    assert log == [b"a0", b"a1", b"a2", "close"]
    assert frames(tmp_path / "too.wav") == b"a0a1a2"

    log.clear()
    server.answers[1] = '{"status": -1, "audio": "", "message": "Broken."}'
    assert main(["tts", "abc", "--play"]) == 1
    assert log[-1] == "abort"
    assert "Broken." in capsys.readouterr().err


@pytest.mark.parametrize("name", ["ffplay", "aplay"])
def test_through_a_program(
    server: FakeServer, programs: Programs, tmp_path: Path, name: str
) -> None:
    programs(name, f"/bin/cat > {tmp_path}/played")
    assert main(["tts", "abc", "--play"]) == 0
    assert (tmp_path / "played").read_bytes() == wav_stream_header(24_000) + b"a0a1a2"


def test_through_a_program_that_plays_files(
    server: FakeServer, programs: Programs, tmp_path: Path
) -> None:
    programs("afplay", f'/bin/cp "$1" {tmp_path}/played.wav')
    assert main(["tts", "abc", "--play"]) == 0
    assert frames(tmp_path / "played.wav") == b"a0a1a2"


def test_without_a_player(server: FakeServer, programs: Programs, capsys: Capture) -> None:
    assert main(["tts", "abc", "--play"]) == 1
    err = capsys.readouterr().err
    assert "There is no library for sound" in err
    assert "pip install 'liusheng[mic]'" in err
    assert "or install ffplay" in err


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (["-o", "a.mp3"], b"ID3"),
        (["-o", "a.OGG"], b"OggS"),
        (["-o", "a.opus"], b"OggS"),
        (["-o", "a.flac"], b"fLaC"),
        (["-o", "a.aac"], b"\xff"),
        (["-o", "a.bin", "--format", "flac"], b"fLaC"),
        (["-o", "a.mp3", "--format", "wav"], b"RIFF"),
    ],
)
def test_formats(server: FakeServer, tmp_path: Path, arguments: list[str], start: bytes) -> None:
    server.audio_frames = 9
    assert main(["tts", "abc", *arguments]) == 0
    file = tmp_path / arguments[1]
    assert file.read_bytes().startswith(start)
    assert sum(map(len, decode_file(file, 24_000))) > 0
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize(
    ("arguments", "start"), [([], b"RIFF\xff\xff\xff\xff"), (["--format", "ogg"], b"OggS")]
)
def test_a_pipe_gets_a_stream(server: FakeServer, arguments: list[str], start: bytes) -> None:
    os.mkfifo("pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(Path("pipe").read_bytes()))
    reader.start()
    assert main(["tts", "abc", "-o", "pipe", *arguments]) == 0
    reader.join()
    assert got[0].startswith(start)


def test_a_rate_that_the_format_does_not_have(
    server: FakeServer, tmp_path: Path, capsys: Capture
) -> None:
    server.sample_rate = 22_050
    assert main(["tts", "abc", "-o", "a.ogg"]) == 1
    assert "Opus does not support a sample rate of 22050 Hz" in capsys.readouterr().err
    assert list(tmp_path.glob("*.ogg*")) == []
