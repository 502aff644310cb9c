"""The original's other paths, as its own clients (`requests`, no content type) call them."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from tests.server.conftest import Serve, Server

pytestmark = pytest.mark.asyncio(loop_scope="session")


def wav(*words: str) -> str:
    """Base64 of a file in which the fake recogniser hears these words."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"".join(word.encode().ljust(6_400) for word in words))
    return base64.b64encode(buffer.getvalue()).decode()


async def post(server: Server, path: str, body: Any) -> requests.Response:
    url = f"http://{server.address}/paddlespeech/{path}"
    data = body if isinstance(body, bytes) else json.dumps(body)
    return await asyncio.to_thread(requests.post, url, data, timeout=120)


async def recognise(server: Server, **fields: Any) -> requests.Response:
    body = {"audio": wav("hello", "there"), "audio_format": "wav", "sample_rate": 16_000}
    return await post(server, "asr", {**body, "lang": "zh_cn", **fields})


async def test_asr(server: Server) -> None:
    answer = await recognise(server)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["success"], body["code"]) == (True, 200)
    assert body["message"] == {"description": "success"}
    assert body["result"]["transcription"] == "hello there"
    assert [each["w"] for each in body["result"]["times"]] == ["hello", "there"]


@pytest.mark.parametrize("lang", ["zh", "zh-CN", "zh_en", "auto", ""])
async def test_languages_as_people_write_them(server: Server, lang: str) -> None:
    assert (await recognise(server, lang=lang)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"audio": "*"}, 400, "invalid_field"),
        ({"audio": base64.b64encode(b"not sound" * 99).decode()}, 400, "invalid_audio"),
        ({"audio": ""}, 400, "invalid_audio"),
        ({"audio": wav("raise")}, 500, "recognition_failed"),
        ({"lang": "tlh"}, 400, "not_supported_by_model"),
        ({"audio": 3}, 400, "invalid_field"),
    ],
)
async def test_asr_errors(server: Server, fields: dict[str, Any], status: int, code: Any) -> None:
    answer = await recognise(server, **fields)
    error = answer.json()
    assert (answer.status_code, error["error"]) == (status, code), error
    assert (error["success"], error["code"]) == (False, status)
    assert error["message"]["description"]


async def test_a_file_that_is_too_large(serve: Serve) -> None:
    server = await serve(limits={"max_upload_bytes": 20_000})
    answer = await recognise(server, audio=wav("a", "b", "c", "d", "e", "f"))
    assert (answer.status_code, answer.json()["error"]) == (413, "message_too_large")
    assert "The file is over the limit of 20,000 bytes" in answer.text


async def say(server: Server, **fields: Any) -> requests.Response:
    body = {"text": "300", "spk_id": 0, "speed": 1.0, "volume": 1.0, "sample_rate": 0}
    return await post(server, "tts", {**body, "save_path": None, **fields})


async def test_tts(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    answer = await say(server, save_path=str(path))
    body = answer.json()
    assert (answer.status_code, body["success"], body["code"]) == (200, True, 200)
    result = body["result"]
    audio = result.pop("audio")
    assert result == {
        "lang": "zh",
        "spk_id": 0,
        "speed": 1.0,
        "volume": 1.0,
        "sample_rate": 24_000,
        "duration": 300 / 24_000,
        "save_path": None,
    }
    with wave.open(io.BytesIO(base64.b64decode(audio))) as file:
        assert file.getframerate() == 24_000
        assert np.frombuffer(file.readframes(999), "<i2").tolist() == list(range(1, 301))
    assert not path.exists()


async def test_what_was_not_read(server: Server) -> None:
    answer = await say(server, text="3 😀")
    assert answer.json()["result"]["skipped"] == [{"span": [2, 3], "text": "😀", "reason": "emoji"}]


async def test_tts_at_another_rate(server: Server) -> None:
    result = (await say(server, sample_rate=8_000)).json()["result"]
    assert (result["sample_rate"], result["duration"]) == (8_000, 100 / 8_000)
    with wave.open(io.BytesIO(base64.b64decode(result["audio"]))) as file:
        assert (file.getframerate(), file.getnframes()) == (8_000, 100)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"text": ""}, 400, "empty_text"),
        ({"speed": 0}, 400, "invalid_field"),
        ({"volume": 4}, 400, "invalid_field"),
        ({"sample_rate": 1}, 400, "invalid_field"),
        ({"spk_id": 174}, 400, "unknown_voice"),
        ({"text": "0"}, 400, "nothing_to_say"),
        ({"text": "6 raise"}, 500, "synthesis_failed"),
    ],
)
async def test_tts_errors(server: Server, fields: dict[str, Any], status: int, code: Any) -> None:
    answer = await say(server, **fields)
    error = answer.json()
    assert (answer.status_code, error["error"]) == (status, code), error
    assert (error["success"], error["code"]) == (False, status)


@pytest.mark.parametrize("text", ["今天天气很好。", "Yes, it is.", ""])
async def test_text_that_has_punctuation(server: Server, text: str) -> None:
    answer = await post(server, "text", {"text": text})
    assert answer.json()["result"] == {"punc_text": text}


async def test_text_that_would_need_a_model(server: Server) -> None:
    answer = await post(server, "text", {"text": "今天天气很好"})
    error = answer.json()
    assert (answer.status_code, error["error"]) == (501, "no_punctuation")
    # What original clients do with an error: they keep the text that they had.
    assert "result" not in error


@pytest.mark.parametrize("task", ["asr", "tts", "text"])
async def test_help(server: Server, task: str) -> None:
    url = f"http://{server.address}/paddlespeech/{task}/help"
    answer = await asyncio.to_thread(requests.get, url, timeout=120)
    body = answer.json()
    assert (body["success"], body["code"], body["message"]) == ("True", 200, {"global": "success"})
    assert body["result"]


async def test_paths_below_a_prefix(serve: Serve) -> None:
    server = await serve(path_prefix="/speech")
    url = f"http://{server.address}/speech/paddlespeech/tts/help"
    answer = await asyncio.to_thread(requests.get, url, timeout=120)
    assert answer.status_code == 200
