"""What the server makes of hints and other fields of OpenAI's API that cost nothing to accept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
import pytest_asyncio

from tests.server.conftest import Server
from tests.support.openai_api import client_of, wav

pytestmark = pytest.mark.asyncio(loop_scope="session")

IGNORED = "X-Liusheng-Ignored"


@pytest_asyncio.fixture(loop_scope="session")
async def client(server: Server) -> AsyncIterator[openai.AsyncOpenAI]:
    async with client_of(server) as client:
        yield client


@pytest.mark.parametrize(
    ("fields", "ignored"),
    [
        ({}, None),
        ({"prompt": "", "temperature": 0, "chunking_strategy": "auto", "language": ""}, None),
        ({"extra_body": {"response_format": "", "stream": "", "keywords": ""}}, None),
        ({"language": "Chinese"}, None),
        ({"languages": ["zh"]}, None),
        ({"prompt": "Names: 流声、语音合成"}, None),
        ({"keywords": ["流声"]}, None),
        (
            {"prompt": "A meeting about the new plans. We speak slowly."},
            "prompt (no list of terms)",
        ),
        (
            {"prompt": "流声, PaddleSpeech"},
            "prompt (1 of 2 terms: the model takes no such hotwords)",
        ),
        (
            {"keywords": ["PaddleSpeech"]},
            "keywords (1 of 1 terms: the model takes no such hotwords)",
        ),
        ({"temperature": 0.7}, "temperature"),
        ({"include": ["logprobs"]}, "include"),
        (
            {"timestamp_granularities": ["word"]},
            "timestamp_granularities (for verbose_json only)",
        ),
        ({"chunking_strategy": {"type": "server_vad", "threshold": 0.4}}, "chunking_strategy"),
        ({"languages": ["zh", "en"]}, "languages (the language is detected among all)"),
        ({"language": "zh", "languages": ["zh"]}, "languages"),
        (
            {"temperature": 0.5, "prompt": "Well. Then"},
            "temperature, prompt (no list of terms)",
        ),
    ],
)
async def test_of_a_transcription(client: Any, fields: dict[str, Any], ignored: str | None) -> None:
    answer = await client.audio.transcriptions.with_raw_response.create(
        **{"model": "whisper-1", "file": wav("hello"), **fields}
    )
    assert answer.parse().text == "hello"
    assert answer.headers.get(IGNORED) == ignored


async def test_of_a_streamed_transcription(client: Any) -> None:
    answer = await client.audio.transcriptions.with_raw_response.create(
        model="whisper-1", file=wav("hello"), temperature=1, stream=True, response_format="srt"
    )
    assert answer.headers[IGNORED] == "temperature, response_format (a stream has events)"


async def test_there_are_only_so_many_hotwords(client: Any) -> None:
    words = [f"{chr(0x4E00 + i)}流" for i in range(201)]
    answer = await client.audio.transcriptions.with_raw_response.create(
        model="whisper-1", file=wav("hello"), prompt="、".join(words)
    )
    assert answer.headers[IGNORED] == "prompt (terms after the first 200)"


@pytest.mark.parametrize(
    ("fields", "ignored"),
    [
        ({}, None),
        ({"speed": 2.0, "instructions": " "}, None),
        ({"speed": 4.0}, "speed (2 is the nearest that the voices can do)"),
        ({"speed": 0.25}, "speed (0.5 is the nearest that the voices can do)"),
        ({"instructions": "whisper"}, "instructions (the voices have one manner each)"),
        ({"extra_body": {"instructions": None, "speed": None, "lang_code": "a"}}, None),
    ],
)
async def test_of_a_speech(client: Any, fields: dict[str, Any], ignored: str | None) -> None:
    answer = await client.audio.speech.with_raw_response.create(
        model="kokoro", voice="af_heart", input="3", response_format="pcm", **fields
    )
    assert len(answer.content) == 6
    assert answer.headers.get(IGNORED) == ignored
