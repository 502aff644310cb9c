"""The requests of Open WebUI (`backend/open_webui/routers/audio.py`), recorded and rewritten."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from tests.server.conftest import Server
from tests.support.openai_api import wav

pytestmark = pytest.mark.asyncio(loop_scope="session")

USER = {
    "Authorization": "Bearer sk-anything",
    "X-OpenWebUI-User-Name": "Ann",
    "X-OpenWebUI-User-Role": "admin",
}


@pytest_asyncio.fixture(loop_scope="session")
async def webui(server: Server) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=f"http://{server.address}/v1", timeout=120) as client:
        yield client


async def test_the_lists_of_its_settings(webui: httpx2.AsyncClient) -> None:
    voices = (await webui.get("/audio/voices")).raise_for_status().json()["voices"]
    assert {each["id"]: each["name"] for each in voices} == {"counter": "counter"}
    assert voices[0] == {
        "id": "counter",
        "name": "counter",
        "languages": ["zh"],
        "gender": "unknown",
        "model": "counter",
    }
    models = (await webui.get("/audio/models")).raise_for_status().json()["models"]
    assert [each["id"] for each in models] == ["counter"]


@pytest.mark.parametrize("voice", ["counter", "alloy"])
async def test_reading_a_message_aloud(webui: httpx2.AsyncClient, voice: str) -> None:
    answer = await webui.post(
        "/audio/speech",
        json={"input": "5 large", "voice": voice, "model": "tts-1", "speed": 1.2},
        headers=USER,
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/mpeg"


@pytest.mark.parametrize(
    "fields",
    [
        {"model": ""},
        {"model": "whisper-1", "language": "zh"},
        {
            "model": "whisper-1",
            "response_format": "verbose_json",
            "timestamp_granularities[]": "segment",
        },
    ],
)
async def test_dictation(webui: httpx2.AsyncClient, fields: dict[str, str]) -> None:
    answer = await webui.post(
        "/audio/transcriptions", files={"file": wav("hello")}, data=fields, headers=USER
    )
    body = answer.raise_for_status().json()
    assert body["text"] == "hello"
    if "response_format" in fields:
        assert [segment["text"] for segment in body["segments"]] == ["hello"]


async def test_a_language_that_no_model_has(webui: httpx2.AsyncClient) -> None:
    """It then asks again without a language."""
    answer = await webui.post(
        "/audio/transcriptions",
        files={"file": wav("hello")},
        data={"model": "whisper-1", "language": "tlh"},
        headers=USER,
    )
    assert answer.status_code == 400
    assert '"tlh"' in answer.json()["error"]["message"]
