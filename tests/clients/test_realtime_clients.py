"""pipecat and livekit-plugins-openai, with their own defaults, against real models."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import venv
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from liusheng.bench.scoring import errors
from tests.conftest import served
from tests.support.chat_server import chat_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]

HERE = Path(__file__).parent / "realtime"
TEXT = "今天天气真不错，我们一起去公园散步吧。"
ANSWER = "好的，我们走吧。"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter that has the clients."""
    folder = tmp_path_factory.mktemp("clients")
    # Without a pip of its own: Debian's Python has no ensurepip.
    venv.create(folder, with_pip=False, symlinks=True)
    interpreter = str(folder / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", interpreter]
    installed = subprocess.run(
        [*pip, "install", "-q", "-r", str(HERE / "requirements.txt")],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        pytest.skip(f"pip cannot install the clients: {installed.stderr[-300:]}")
    return interpreter


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server with the default models, and a stand-in for the language model."""
    ready, over = threading.Event(), threading.Event()
    found: list[str] = []

    async def chat() -> None:
        async with chat_server(parts=[ANSWER]) as server:
            found.append(server.address)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(chat()))
    thread.start()
    ready.wait(60)
    model = {"LIUSHENG_LLM__ADDRESS": found[0], "LIUSHENG_LLM__MODEL": "any"}
    try:
        with served(**model) as started:
            yield started
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def recording(address: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    response = requests.post(
        f"http://{address}/v1/audio/speech",
        json={"model": "tts-1", "voice": "alloy", "input": TEXT, "response_format": "pcm"},
        timeout=120,
    )
    path = tmp_path_factory.mktemp("said") / "said.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(response.content)
    return str(path)


def run(python: str, program: str, *arguments: str) -> list[str]:
    """Return the lines that a client prints."""
    ended = subprocess.run(
        [python, str(HERE / program), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3_000:]
    return ended.stdout.splitlines()


def check(lines: list[str], begin: str) -> None:
    """Check that the text of the line that begins so is what was said."""
    (text,) = [line.removeprefix(begin) for line in lines if line.startswith(begin)][:1]
    assert errors(TEXT, text, "zh").rate < 0.25, text


def test_livekit_transcription(python: str, address: str, recording: str) -> None:
    lines = run(python, "livekit_transcription.py", address, recording)
    assert lines[0] == "start_of_speech"
    assert "end_of_speech" in lines
    check(lines, "final_transcript ")


@pytest.mark.parametrize("turns", [(), ("server_vad",)])
def test_pipecat_transcription(
    python: str, address: str, recording: str, turns: tuple[str, ...]
) -> None:
    check(run(python, "pipecat_transcription.py", address, recording, *turns), "final ")


def test_livekit_conversation(python: str, address: str, recording: str) -> None:
    lines = run(python, "livekit_conversation.py", address, recording)
    check(lines, "heard ")
    (answer,) = [line for line in lines if line.startswith("answer ")]
    assert ANSWER in answer
    assert float(answer.rpartition(" ")[2]) > 0.5


def test_pipecat_conversation(python: str, address: str, recording: str) -> None:
    lines = run(python, "pipecat_conversation.py", address, recording)
    check(lines, "heard ")
    assert "answer 24000" in lines
    assert not any(line.startswith("error") for line in lines)
