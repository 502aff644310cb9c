"""The everyday calls of OpenAI's SDK to a server with its default settings and models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"http://{address}/v1", api_key="any", max_retries=0) as client:
        yield client


def test_the_quick_start(client: openai.OpenAI, tmp_path: Path) -> None:
    """As OpenAI's guides have it: a speech with instructions, then its transcript."""
    file = tmp_path / "speech.mp3"
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts",
        voice="coral",
        input="Today is a wonderful day to build something people love!",
        instructions="Speak in a cheerful and positive tone.",
    ) as answer:
        answer.stream_to_file(file)
    heard = client.audio.transcriptions.create(
        model="gpt-4o-transcribe", file=file, language="English", temperature=0
    )
    assert "wonderful day to build something" in heard.text.lower()
    subtitles = client.audio.transcriptions.create(
        model="whisper-1", file=file, response_format="srt", prompt="A speech. It is short."
    )
    assert "wonderful day" in subtitles.lower()


def test_mandarin_with_names_that_the_prompt_lists(client: openai.OpenAI, tmp_path: Path) -> None:
    file = tmp_path / "speech.wav"
    client.audio.speech.create(
        model="kokoro", voice="zf_xiaobei", input="欢迎使用流声。", response_format="wav"
    ).write_to_file(file)
    answer = client.audio.transcriptions.with_raw_response.create(
        model="whisper-1", file=file, language="zh-CN", prompt="名称：流声"
    )
    assert answer.headers.get("X-Liusheng-Ignored") is None
    assert "流声" in answer.parse().text


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_a_translation(client: openai.OpenAI, tmp_path: Path) -> None:
    file = tmp_path / "speech.wav"
    client.audio.speech.create(
        model="tts-1", voice="alloy", input="我相信今天的菜很好吃。", response_format="wav"
    ).write_to_file(file)
    answer = client.audio.translations.create(
        model="whisper-1", file=file, response_format="verbose_json"
    )
    assert answer.language == "en"
    assert answer.text.isascii()
    assert "believe" in answer.text


def test_all_names_are_known(client: openai.OpenAI) -> None:
    for model in [*client.models.list(), client.models.retrieve("gpt-4o-mini-tts-2025-12-15")]:
        assert client.models.retrieve(model.id).id == model.id
