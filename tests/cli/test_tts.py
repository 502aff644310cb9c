from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from liusheng.cli import main
from liusheng.cli import playback as playback_module
from liusheng.cli.playback import NoPlayerError, Playback, open_player, wav_stream_header

from ..client.conftest import FakeServer

Capture = pytest.CaptureFixture[str]


def frames(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        assert file.getparams()[:3] == (1, 2, 24_000)
        return file.readframes(file.getnframes())


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


def test_an_argument_that_is_no_utf8(server: FakeServer) -> None:
    assert main(["tts", os.fsdecode(b"\xffabc"), "-o", os.devnull]) == 0
    assert server.received[1]["text"] == "�abc"


def test_a_stream_is_not_written(server: FakeServer, capsys: Capture) -> None:
    assert main(["tts", "abc", "-o", "-"]) == 2
    assert "name it, -o FILE.wav" in capsys.readouterr().err
    assert server.received == []


def test_what_cannot_be_said(server: FakeServer, tmp_path: Path, capsys: Capture) -> None:
    server.modern = True
    server.failing_text = "!"
    assert main(["tts", "!", "-o", "a.wav"]) == 1
    assert capsys.readouterr().err == "error: There is nothing to say. [nothing_to_say]\n"
    server.audio_frames = 0
    assert main(["tts", "a", "-o", "a.wav"]) == 1
    assert "no speech came" in capsys.readouterr().err
    assert list(tmp_path.glob("*.wav*")) == []  # no empty file is left


def test_a_place_that_cannot_be_written(server: FakeServer, capsys: Capture) -> None:
    assert main(["tts", "a", "-o", "no/such/folder/a.wav"]) == 1
    err = capsys.readouterr().err
    assert err == "error: no/such/folder/a.wav cannot be written: No such file or directory\n"


def test_no_server(capsys: Capture, unused_tcp_port: int) -> None:
    assert main(["tts", "a", "-o", "a.wav", "--server", f"127.0.0.1:{unused_tcp_port}"]) == 1
    assert "Start one with `liusheng serve`" in capsys.readouterr().err


class Recorder:
    """A stand-in for sounddevice and for the programs."""

    def __init__(self) -> None:
        self.log: list[object] = []

    def start(self) -> None:
        self.log.append("start")

    def write(self, pcm: bytes) -> None:
        self.log.append(pcm)

    def stop(self) -> None:
        self.log.append("stop")

    def abort(self) -> None:
        self.log.append("abort")

    def close(self) -> None:
        self.log.append("close")


def test_aloud(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    stream = Recorder()

    class Device:
        PortAudioError = type("PortAudioError", (Exception,), {})

        @staticmethod
        def RawOutputStream(**options: object) -> Recorder:  # noqa: N802
            assert options == {"samplerate": 24_000, "channels": 1, "dtype": "int16"}
            return stream

    monkeypatch.setitem(sys.modules, "sounddevice", Device)  # type: ignore[arg-type]
    assert main(["tts", "abc", "--play", "-o", "too.wav"]) == 0
    assert stream.log == ["start", b"a0", b"a1", b"a2", "stop", "close"]
    assert frames(tmp_path / "too.wav") == b"a0a1a2"

    stream.log.clear()
    server.answers[1] = '{"status": -1, "audio": "", "message": "Broken."}'
    assert main(["tts", "abc", "--play"]) == 1
    assert stream.log[-2:] == ["abort", "close"]
    assert "Broken." in capsys.readouterr().err


def program(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH, on a machine without sounddevice."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.mark.parametrize("name", ["ffplay", "aplay"])
def test_through_a_program(server: FakeServer, programs: Path, tmp_path: Path, name: str) -> None:
    program(programs, name, f"/bin/cat > {tmp_path}/heard")
    assert main(["tts", "abc", "--play"]) == 0
    assert (tmp_path / "heard").read_bytes() == wav_stream_header(24_000) + b"a0a1a2"


def test_through_a_program_that_wants_a_file(
    server: FakeServer, programs: Path, tmp_path: Path
) -> None:
    program(programs, "afplay", f'/bin/cp "$1" {tmp_path}/heard.wav')
    assert main(["tts", "abc", "--play"]) == 0
    assert frames(tmp_path / "heard.wav") == b"a0a1a2"


def test_nothing_to_play_with(server: FakeServer, programs: Path, capsys: Capture) -> None:
    assert main(["tts", "abc", "--play"]) == 1
    assert "There is nothing to play sound with" in capsys.readouterr().err


def test_a_player_that_gives_up(programs: Path) -> None:
    program(programs, "aplay", "exit 1")

    def play() -> None:
        with Playback(open_player(24_000)) as player:
            for _ in range(1_000):
                player.write(bytes(10_000))

    with pytest.raises(NoPlayerError, match="aplay stopped playing; is there a sound device"):
        play()


def test_the_header_of_a_stream_is_read_by_others(tmp_path: Path) -> None:
    from liusheng.audio.decode import decode_file

    path = tmp_path / "a.wav"
    path.write_bytes(playback_module.wav_stream_header(16_000) + b"\0\x40" * 800)
    assert [len(block) for block in decode_file(path, 16_000)] == [800]


def test_explain_needs_no_server(capsys: Capture) -> None:
    assert main(["tts", "--explain", "银行2"]) == 0
    captured = capsys.readouterr()
    (clause,) = json.loads(captured.out)["clauses"]
    assert clause["reading"] == "银行二"
    assert [syllable["pinyin"] for syllable in clause["syllables"]] == ["yin2", "hang2", "er4"]
    assert "without the voices of baker-zh" in captured.err, "nothing is pulled here"


def test_explain_says_what_is_missing(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic", None)
    monkeypatch.delitem(sys.modules, "liusheng.server.config.settings", raising=False)
    monkeypatch.delitem(sys.modules, "liusheng.server.config.sources", raising=False)
    assert main(["tts", "--explain", "银行"]) == 1
    assert "pip install 'liusheng[server]'" in capsys.readouterr().err
