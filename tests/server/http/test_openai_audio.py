"""OpenAI's audio API, by the official `openai` package."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import numpy as np
import openai
import pytest
import pytest_asyncio

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from tests.server.conftest import Serve, Server
from tests.support.openai_api import client_of, wav

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def client(server: Server) -> AsyncIterator[openai.AsyncOpenAI]:
    async with client_of(server) as client:
        yield client


class TestTranscriptions:
    async def test_json(self, client: Any) -> None:
        answer = await client.audio.transcriptions.create(model="whisper-1", file=wav("a", "b"))
        assert answer.text == "a b"
        assert (answer.usage.type, answer.usage.seconds) == ("duration", 0.4)

    async def test_text(self, client: Any) -> None:
        answer = await client.audio.transcriptions.create(
            model="echo", file=wav("hello"), response_format="text", language="zh-CN"
        )
        assert answer == "hello\n"

    async def test_srt(self, client: Any) -> None:
        answer = await client.audio.transcriptions.create(
            model="whisper-1", file=wav("hello"), response_format="srt"
        )
        assert answer == "1\n00:00:00,000 --> 00:00:01,000\nhello\n\n"

    async def test_vtt(self, client: Any) -> None:
        answer = await client.audio.transcriptions.create(
            model="whisper-1", file=wav("<hello>"), response_format="vtt"
        )
        assert answer == "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n&lt;hello&gt;\n\n"

    @pytest.mark.parametrize("wanted", [["word"], ["segment"], ["word", "segment"]])
    async def test_verbose(self, client: Any, wanted: Any) -> None:
        answer = await client.audio.transcriptions.create(
            model="whisper-1",
            file=wav("hello", "there"),
            response_format="verbose_json",
            timestamp_granularities=wanted,
        )
        assert (answer.text, answer.language, answer.duration) == ("hello there", "zh", 0.4)
        words = [(word.word, word.start, word.end) for word in answer.words or ()]
        segments = [(each.id, each.start, each.end, each.text) for each in answer.segments or ()]
        assert words == ([("hello", 0, 0.5), ("there", 0.5, 1)] if "word" in wanted else [])
        assert segments == ([(0, 0, 1, "hello there")] if "segment" in wanted else [])

    async def test_audio_without_speech(self, client: Any) -> None:
        answer = await client.audio.transcriptions.create(
            model="whisper-1", file=wav(" "), response_format="verbose_json"
        )
        assert (answer.text, answer.segments) == ("", [])

    async def test_stream(self, client: Any) -> None:
        events = await client.audio.transcriptions.create(
            model="gpt-4o-transcribe", file=wav("one", "two"), stream=True
        )
        *deltas, done = [event async for event in events]
        assert {event.type for event in deltas} == {"transcript.text.delta"}
        assert "".join(event.delta for event in deltas) == "one two"
        assert (done.type, done.text) == ("transcript.text.done", "one two")

    async def test_a_stream_that_fails(self, client: Any) -> None:
        events = await client.audio.transcriptions.create(
            model="whisper-1", file=wav("raise"), stream=True
        )
        with pytest.raises(openai.APIError, match="recognition failed") as caught:
            async for _ in events:
                pass
        assert caught.value.code == "recognition_failed"

    async def test_a_file_that_goes_to_disk(self, client: Any) -> None:
        """Over a megabyte, the parser of forms keeps the file in a temporary one."""
        words = [f"w{number}" for number in range(200)]
        answer = await client.audio.transcriptions.create(model="whisper-1", file=wav(*words))
        assert answer.text == " ".join(words)

    @pytest.mark.parametrize(
        ("fields", "status", "code"),
        [
            ({"model": "gpt-9"}, 404, "unknown_model"),
            ({"language": "tlh"}, 400, "not_supported_by_model"),
            ({"response_format": "diarized_json"}, 400, "unsupported_field"),
            ({"response_format": "docx"}, 400, "invalid_field"),
            ({"known_speaker_names": ["Ann"]}, 400, "unsupported_field"),
            ({"file": ("x.wav", b"not sound" * 99)}, 400, "invalid_audio"),
            ({"file": ("x.wav", b"")}, 400, "invalid_audio"),
            ({"file": wav("raise")}, 500, "recognition_failed"),
        ],
    )
    async def test_errors(
        self, client: Any, fields: dict[str, Any], status: int, code: Any
    ) -> None:
        with pytest.raises(openai.APIStatusError) as caught:
            await client.audio.transcriptions.create(
                **{"model": "whisper-1", "file": wav("hello"), **fields}
            )
        assert (caught.value.status_code, caught.value.code) == (status, code)
        kind = "server_error" if status == 500 else "invalid_request_error"
        assert caught.value.type == kind

    @pytest.mark.parametrize(
        ("request_", "code"),
        [
            ({"content": b"sound"}, "missing_field"),
            ({"data": {"model": "whisper-1"}, "files": {"other": b"x"}}, "missing_field"),
            ({"files": {"file": b"x"}}, "missing_field"),
            (
                {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
                "invalid_field",
            ),
            (
                {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=a"}},
                "invalid_field",
            ),
        ],
    )
    async def test_forms_that_are_none(self, server: Server, request_: Any, code: Any) -> None:
        async with httpx2.AsyncClient() as client:
            url = f"http://{server.address}/v1/audio/transcriptions"
            answer = await client.post(url, **request_)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)

    async def test_a_file_that_is_too_large(self, serve: Serve) -> None:
        server = await serve(limits={"max_upload_bytes": 2_000})
        async with client_of(server) as client:
            with pytest.raises(openai.APIStatusError) as caught:
                await client.audio.transcriptions.create(
                    model="whisper-1", file=wav(*["word"] * 60)
                )
        assert caught.value.status_code == 413
        assert "The file is over the limit of 2,000 bytes" in caught.value.message

    async def test_a_client_that_leaves_frees_its_place(self, serve: Serve) -> None:
        server = await serve(limits={"max_sessions": 1})
        async with client_of(server) as client:
            long = client.audio.transcriptions.create(
                model="whisper-1", file=wav(*["word"] * 3_000)
            )
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(long, 0.2)
            codes = set()
            for _ in range(100):
                try:
                    answer = await client.audio.transcriptions.create(
                        model="whisper-1", file=wav("me")
                    )
                except openai.InternalServerError as error:
                    codes.add(error.code)
                    await asyncio.sleep(0.05)
                else:
                    break
        assert answer.text == "me"
        assert codes <= {"server_busy"}


class TestSpeech:
    @pytest.mark.parametrize("response_format", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
    async def test_formats(self, client: Any, response_format: Any) -> None:
        answer = await client.audio.speech.create(
            model="tts-1", voice="alloy", input="5 large", response_format=response_format
        )
        data = answer.content
        if response_format == "pcm":
            assert len(data) == 2 * 12_000
        else:
            length = sum(map(len, decode_file(io.BytesIO(data), 24_000)))
            assert length == pytest.approx(12_000, abs=2_400)

    async def test_it_streams(self, client: Any) -> None:
        async with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="counter", input="3000 large", response_format="wav"
        ) as answer:
            assert answer.headers["content-type"] == "audio/wav"
            async for piece in answer.iter_bytes():
                assert piece[:4] == b"RIFF"
                break

    async def test_lossless_is_lossless(self, client: Any) -> None:
        answer = await client.audio.speech.create(
            model="counter", voice="nova", input="9", response_format="flac"
        )
        (samples,) = decode_file(io.BytesIO(answer.content), 24_000)
        assert np.frombuffer(samples_to_pcm(samples), "<i2").tolist() == list(range(1, 10))

    async def test_mp3_is_the_default(self, client: Any) -> None:
        answer = await client.audio.speech.create(model="tts-1", voice="alloy", input="5 large")
        assert answer.response.headers["content-type"] == "audio/mpeg"

    async def test_events(self, server: Server) -> None:
        async with httpx2.AsyncClient() as client:
            answer = await client.post(
                f"http://{server.address}/v1/audio/speech",
                json={
                    "model": "gpt-4o-mini-tts",
                    "voice": {"id": "counter"},
                    "input": "4",
                    "response_format": "pcm",
                    "stream_format": "sse",
                },
            )
        *events, done = [
            json.loads(part.removeprefix("data: ")) for part in answer.text.split("\n\n") if part
        ]
        assert {event["type"] for event in events} == {"speech.audio.delta"}
        pcm = b"".join(base64.b64decode(event["audio"]) for event in events)
        assert np.frombuffer(pcm, "<i2").tolist() == [1, 2, 3, 4]
        assert done["type"] == "speech.audio.done"

    async def test_what_was_not_read(self, client: Any) -> None:
        asked = {"model": "tts-1", "voice": "counter", "input": "3 😀", "response_format": "pcm"}
        create = client.audio.speech.with_raw_response.create
        answer = await create(**asked)
        assert answer.headers["X-Liusheng-Skipped"] == "2-3 emoji"
        answer = await create(**asked, stream_format="sse")
        done = json.loads(answer.text.strip().split("\n\n")[-1].removeprefix("data: "))
        assert done["skipped"] == [{"span": [2, 3], "text": "😀", "reason": "emoji"}]

    @pytest.mark.parametrize(
        ("fields", "status", "code"),
        [
            ({"model": "gpt-9"}, 404, "unknown_model"),
            ({"voice": "nobody"}, 400, "unknown_voice"),
            ({"input": " "}, 400, "empty_text"),
            ({"input": "x" * 10_001}, 413, "text_too_long"),
            ({"input": "0"}, 400, "nothing_to_say"),
            ({"input": "6 raise", "response_format": "pcm"}, 200, ""),
            ({"speed": 4.5}, 400, "invalid_field"),
            ({"speed": 0.2}, 400, "invalid_field"),
            ({"response_format": "midi"}, 400, "invalid_field"),
        ],
    )
    async def test_errors(
        self,
        client: Any,
        fields: dict[str, Any],
        status: int,
        code: Any,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        asked = {"model": "tts-1", "voice": "alloy", "input": "1", **fields}
        caplog.set_level(logging.INFO, "liusheng.access")
        with pytest.raises(openai.APIError) as caught:
            await client.audio.speech.create(**asked)
        if status == 200:
            assert isinstance(caught.value, openai.APIConnectionError), "it was cut off"
            while "liusheng.access" not in (each.name for each in caplog.records):  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # it has ended then
            assert "response cut off" in caplog.text
            assert "ASGI callable" not in caplog.text, "it was meant to be"
        else:
            assert isinstance(caught.value, openai.APIStatusError)
            assert (caught.value.status_code, caught.value.code) == (status, code)


async def test_models(client: Any) -> None:
    names = [model.id async for model in client.models.list()]
    assert names == ["echo", "counter"]
    for name in ("echo", "whisper-1", "gpt-4o-mini-tts-2025-12-15"):
        model = await client.models.retrieve(name)
        assert (model.id, model.owned_by) == (name, "liusheng")
    for unknown in ("gpt-9", "someone/whisper"):
        with pytest.raises(openai.NotFoundError, match="use counter or echo"):
            await client.models.retrieve(unknown)


async def test_models_with_a_slash_at_the_end(server: Server) -> None:
    async with httpx2.AsyncClient() as client:
        answer = await client.get(f"http://{server.address}/v1/models/")
    assert [each["id"] for each in answer.json()["data"]] == ["echo", "counter"]


async def test_any_name_by_setting(serve: Serve) -> None:
    server = await serve(openai={"any_name": True})
    async with client_of(server) as client:
        answer = await client.audio.transcriptions.create(model="any/thing", file=wav("hello"))
        assert answer.text == "hello"
        speech = await client.audio.speech.create(
            model="any/thing", voice="nobody", input="3", response_format="pcm"
        )
        assert np.frombuffer(speech.content, "<i2").tolist() == [1, 2, 3]
