"""The programs in the READMEs run, as they stand, against a real server."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.audio.wav import open_wav

ROOT = Path(__file__).parent.parent.parent
READMES = ["README.md", "README.zh-CN.md"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def programs(readme: str, language: str, address: str) -> list[str]:
    text = (ROOT / readme).read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert all("127.0.0.1:8090" in block for block in blocks)
    return [block.replace("127.0.0.1:8090", address) for block in blocks]


def run(*command: str, folder: Path) -> str:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def speech_at_16_khz(address: str, folder: Path) -> None:
    """Make the recording that the first program reads, with our own commands."""
    wav = folder / "hello.wav"
    liusheng = (sys.executable, "-m", "liusheng.cli")
    server = ("--server", f"ws://{address}")
    run(*liusheng, "tts", *server, "你好，世界。", "-o", str(wav), folder=folder)

    with open_wav(folder / "hello16k.wav", 16_000) as recording:
        for samples in decode_file(wav, 16_000):
            recording.write(samples_to_pcm(samples))


@pytest.mark.parametrize("readme", READMES)
def test_python(readme: str, address: str, tmp_path: Path) -> None:
    recognition, synthesis, client = programs(readme, "python", address)
    speech_at_16_khz(address, tmp_path)
    heard = run(sys.executable, "-W", "ignore", "-c", recognition, folder=tmp_path)
    assert "你好" in heard.splitlines()[-1]
    said = run(sys.executable, "-c", synthesis, folder=tmp_path).splitlines()
    assert len(said) > 2
    assert "connection will be closed" in said[-1]
    run(sys.executable, "-c", client, folder=tmp_path)
    assert (tmp_path / "hello.pcm").stat().st_size > 24_000


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
@pytest.mark.parametrize("readme", READMES)
def test_curl(readme: str, address: str, tmp_path: Path) -> None:
    lines = (ROOT / readme).read_text(encoding="utf-8").splitlines()
    commands = [line.replace("127.0.0.1:8090", address) for line in lines if line[:5] == "curl "]
    assert len(commands) == 4
    speech_at_16_khz(address, tmp_path)
    (tmp_path / "hello16k.wav").rename(tmp_path / "recording.mp3")  # what is inside counts
    outputs = [run(*shlex.split(command), folder=tmp_path) for command in commands]
    assert "你好" in outputs[0].splitlines()[-1]
    assert (tmp_path / "hello.wav").read_bytes()[:4] == b"RIFF"
    assert "你好" in outputs[2]
    assert (tmp_path / "hello.mp3").stat().st_size > 2_000


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")
@pytest.mark.parametrize("readme", READMES)
def test_javascript(readme: str, address: str, tmp_path: Path) -> None:
    (program,) = programs(readme, "javascript", address)
    # Before Node 22 the WebSocket of the browsers is there, but has to be asked for.
    flag = "--experimental-websocket"
    known = subprocess.run(("node", flag, "-e", ""), capture_output=True, check=False)
    flags = (flag,) if known.returncode == 0 else ()
    output = run("node", *flags, "-e", program, folder=tmp_path)
    seconds = float(output.split()[0])
    assert 1.0 < seconds < 10.0
