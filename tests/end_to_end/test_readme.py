"""The programs in the READMEs and on the protocol pages run, unchanged, against a real server."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs import needs_curl

ROOT = Path(__file__).parent.parent.parent
READMES = ["README.md", "README.zh-CN.md"]
PROTOCOL_PAGES = ["docs/protocol.md", "docs/zh/protocol.md"]
LIUSHENG = (sys.executable, "-m", "liusheng.cli")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def programs(page: str, language: str, address: str) -> list[str]:
    """Return the programs of a page, with the address of the test's server."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert all("127.0.0.1:8090" in block for block in blocks)
    return [block.replace("127.0.0.1:8090", address) for block in blocks]


def lines(page: str, command: str) -> list[str]:
    """Return the lines of a page that begin with a command."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith(f"{command} ")]


def run(*command: str, folder: Path) -> str:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def make_recording(address: str, folder: Path) -> None:
    """Synthesise hello.wav, which the programs read."""
    server = ("--server", f"ws://{address}")
    run(*LIUSHENG, "tts", *server, "你好，世界。", "-o", "hello.wav", folder=folder)


@pytest.mark.parametrize("page", READMES)
def test_python_client(page: str, address: str, tmp_path: Path) -> None:
    (program,) = programs(page, "python", address)
    output = run(sys.executable, "-c", program, folder=tmp_path)
    assert "你好" in output.splitlines()[-1]


@pytest.mark.parametrize("page", READMES)
def test_command_line(page: str, address: str, tmp_path: Path) -> None:
    # `liusheng doctor` measures the machine rather than this server: see tests/cli/test_doctor.py.
    commands = [line for line in lines(page, "liusheng") if "doctor" not in line]
    outputs = {}
    for command in commands:
        _, subcommand, *arguments = shlex.split(command, comments=True)
        if subcommand == "top":  # which runs until it is stopped
            arguments = [f"http://{address}", "--once"]
        else:
            arguments = ["--server", f"ws://{address}", *arguments]
        outputs[command] = run(*LIUSHENG, subcommand, *arguments, folder=tmp_path)
    synthesised, recognised, transcribed, live, top = outputs.values()
    assert (tmp_path / "hello.wav").read_bytes()[:4] == b"RIFF", synthesised
    assert "你好" in recognised
    assert "你好" in (tmp_path / transcribed.strip()).read_text(encoding="utf-8")
    assert "你好" in live
    assert address in top


@needs_curl
@pytest.mark.parametrize("page", READMES)
def test_curl(page: str, address: str, tmp_path: Path) -> None:
    commands = [line.replace("127.0.0.1:8090", address) for line in lines(page, "curl")]
    assert len(commands) == 4
    make_recording(address, tmp_path)
    outputs = [run(*shlex.split(command), folder=tmp_path) for command in commands]
    assert "你好" in outputs[0].splitlines()[-1]
    assert (tmp_path / "world.wav").read_bytes()[:4] == b"RIFF"
    assert "你好" in outputs[2]
    assert (tmp_path / "hello.mp3").stat().st_size > 2_000


@pytest.mark.parametrize("page", PROTOCOL_PAGES)
def test_python_over_a_websocket(page: str, address: str, tmp_path: Path) -> None:
    recognition, synthesis = programs(page, "python", address)
    make_recording(address, tmp_path)
    recognized = run(sys.executable, "-c", recognition, folder=tmp_path).splitlines()
    assert "你好" in recognized[-1]
    synthesized = run(sys.executable, "-c", synthesis, folder=tmp_path).splitlines()
    assert len(synthesized) > 2
    assert "connection will be closed" in synthesized[-1]


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")
@pytest.mark.parametrize("page", PROTOCOL_PAGES)
def test_javascript_over_a_websocket(page: str, address: str, tmp_path: Path) -> None:
    (program,) = programs(page, "javascript", address)
    # Before Node 22 the browsers' WebSocket exists, but only with a flag.
    flag = "--experimental-websocket"
    known = subprocess.run(("node", flag, "-e", ""), capture_output=True, check=False)
    flags = (flag,) if known.returncode == 0 else ()
    output = run("node", *flags, "-e", program, folder=tmp_path)
    seconds = float(output.split()[0])
    assert 1.0 < seconds < 10.0
