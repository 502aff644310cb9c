"""The examples as a user runs them, with a real server and its default models."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import EXAMPLES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SENTENCE = "今天天气真不错，我们一起去公园散步吧。"
Speech = Callable[..., Path]


def run(*command: str | Path) -> str:
    result = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        check=False,
        cwd=EXAMPLES.parent,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode()


def example(name: str, *arguments: str | Path, server: str) -> str:
    return run(sys.executable, EXAMPLES / name, *arguments, "--server", server)


def test_live_captions(address: str, speech: Speech) -> None:
    said = example("live_captions.py", "--file", speech(SENTENCE), server=address)
    assert "天气" in said
    assert "公园" in said
    assert said.count("公园") == 1  # what was printed stays, and is not printed again


def test_subtitles(address: str, speech: Speech, tmp_path: Path) -> None:
    file = speech(SENTENCE, 1.5, "请把空调温度调低一点。")
    example("subtitles.py", file, "-o", tmp_path / "a.srt", server=address)
    blocks = (tmp_path / "a.srt").read_text(encoding="utf-8").strip().split("\n\n")
    times = r"(\d\d:\d\d:\d\d,\d{3}) --> (\d\d:\d\d:\d\d,\d{3})"
    cues = [re.fullmatch(rf"(\d+)\n{times}\n(.+(?:\n.+)?)", block) for block in blocks]
    assert all(cues)
    numbers, starts, ends, texts = zip(*(cue.groups() for cue in cues if cue), strict=True)
    assert numbers == tuple(str(n + 1) for n in range(len(blocks)))
    assert all(start < end for start, end in zip(starts, ends, strict=True))
    assert sorted(starts) == list(starts)
    assert "公园" in "".join(texts)
    assert "空调" in texts[-1]
    assert "公园" not in texts[-1]  # the pause is between two subtitles


def test_voice_agent(address: str, speech: Speech, tmp_path: Path) -> None:
    """The second sentence comes while the answer to the first is being said."""
    caller = speech("从上海到广州需要七个小时。", 2.5, "音乐让人感到快乐。", 3.0)
    output = tmp_path / "agent.wav"
    said = example(
        "voice_agent.py", "--file", caller, "--output", output, "--lang", "zh", server=address
    )
    first, second = said.split("you: ")[1:]
    assert "上海" in first
    assert "(interrupted)" in first
    assert "快乐" in second
    assert second.rstrip().endswith("(answered)")
    with wave.open(str(output)) as file:
        assert file.getnframes() > 3 * file.getframerate()


def test_telephone(address: str, speech: Speech, tmp_path: Path) -> None:
    reply = tmp_path / "reply.wav"
    said = example("telephone.py", speech(SENTENCE), "--reply", reply, server=address)
    assert "天气" in said
    with wave.open(str(reply)) as file:
        assert file.getframerate() == 8_000
        assert 2.0 < file.getnframes() / 8_000 < 10.0
    again = example("live_captions.py", "--file", reply, "--lang", "zh", server=address)
    assert "天气" in again  # it can be understood


@pytest.mark.skipif(shutil.which("java") is None, reason="there is no java (17 or later) here")
def test_java(address: str, speech: Speech) -> None:
    said = run("java", EXAMPLES / "java" / "Asr.java", speech(SENTENCE), f"ws://{address}")
    assert "天气" in said
    assert said.count("\n") == 1
