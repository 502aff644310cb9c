"""OpenAI's translation into English, by the official `openai` package."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import openai
import pytest

from liusheng.asr.capabilities import Capabilities
from tests.server.conftest import Fakes, Server
from tests.support.openai_api import client_of, wav

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    # OpenAI retires translations, and so whoever still has a client for them needs a server.
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]


@pytest.mark.parametrize(
    ("response_format", "expected"),
    [
        ("text", "GOOD DAY\n"),
        ("srt", "1\n00:00:00,000 --> 00:00:01,000\nGOOD DAY\n\n"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nGOOD DAY\n\n"),
    ],
)
async def test_texts(server: Server, response_format: Any, expected: str) -> None:
    async with client_of(server) as client:
        answer: Any = await client.audio.translations.create(
            model="whisper-1", file=wav("good", "day"), response_format=response_format
        )
    assert answer == expected


async def test_json(server: Server) -> None:
    async with client_of(server) as client:
        raw = await client.audio.translations.with_raw_response.create(
            model="whisper-1", file=wav("good", "day"), prompt="Be brief.", temperature=0.2
        )
        verbose = await client.audio.translations.create(
            model="whisper-1", file=wav("good"), response_format="verbose_json"
        )
    assert raw.parse().text == "GOOD DAY"
    assert raw.headers["X-Liusheng-Ignored"] == "temperature, prompt (a translation takes none)"
    assert (verbose.text, verbose.duration) == ("GOOD", 0.2)
    assert verbose.model_dump()["task"] == "translate"
    assert [segment.text for segment in verbose.segments or ()] == ["GOOD"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"response_format": "diarized_json"}, "unsupported_field"),
        ({"response_format": "docx"}, "invalid_field"),
        ({"model": "gpt-9"}, "unknown_model"),
        ({"extra_body": {"language": "tlh"}}, "not_supported_by_model"),
        ({"file": ("x.wav", b"not sound" * 99)}, "invalid_audio"),
    ],
)
async def test_errors(server: Server, fields: dict[str, Any], code: str) -> None:
    async with client_of(server) as client:
        with pytest.raises(openai.APIStatusError) as caught:
            await client.audio.translations.create(
                **{"model": "whisper-1", "file": wav("good"), **fields}
            )
    assert caught.value.code == code


async def test_where_no_model_translates(
    server: Server, engines: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognition, _ = engines
    none = Capabilities("zipformer")
    monkeypatch.setattr(
        recognition,
        "description",
        replace(recognition.description, capabilities={"auto": none, "zh": none}),
    )
    async with client_of(server) as client:
        with pytest.raises(openai.BadRequestError, match=r"default model, zipformer,.*asr\.models"):
            await client.audio.translations.create(model="whisper-1", file=wav("good"))


async def test_where_another_model_serves_the_language(
    server: Server, engines: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognition, _ = engines
    known = recognition.description.capabilities
    monkeypatch.setattr(
        recognition,
        "description",
        replace(recognition.description, capabilities={**known, "zh": Capabilities("zipformer")}),
    )
    async with client_of(server) as client:
        answer = await client.audio.translations.with_raw_response.create(
            model="whisper-1", file=wav("good"), extra_body={"language": "zh"}
        )
    assert answer.parse().text == "GOOD"
    assert answer.headers["X-Liusheng-Ignored"].startswith("language (its model does not translate")
