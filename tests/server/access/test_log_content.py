"""What users say and write is in no log, at any level."""

from __future__ import annotations

import base64
import logging

import httpx2
import pytest

from liusheng.protocol import paths
from tests.server.conftest import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = "杏花微雨时节的秘密"
SPOKEN = "confidential words"  # the recogniser of the tests returns the bytes it gets


async def test_texts_of_users_are_in_no_log(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets.client").setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # as `logs.set_up` does
    try:
        async with server.tts() as tts:
            await tts.send({"text": "3", "spk_id": 0})
            while (await tts.receive()).get("status") == 1:
                pass
            await tts.ask({"text": TEXT, "speed": TEXT})
            await tts.ask(TEXT)
        async with server.asr() as asr:
            await asr.ask(SPOKEN.encode())
            await asr.ask({"signal": TEXT})
            await asr.ask({"name": TEXT, "signal": "end", "nbest": 1})
        async with httpx2.AsyncClient(base_url=f"http://{server.address}") as client:
            await client.post(paths.TTS, json={"text": TEXT, "speed": TEXT})
            audio = base64.b64encode(TEXT.encode()).decode()
            await client.post(paths.ASR, json={"audio": audio, "audio_format": TEXT})
            await client.post(f"{paths.ASR_STREAMING}?format=pcm_s16le", content=SPOKEN.encode())
    finally:
        logging.getLogger("websockets.client").setLevel(logging.NOTSET)
        logging.getLogger("uvicorn.error").setLevel(logging.NOTSET)
    ours = [each for each in caplog.records if each.name.startswith(("liusheng", "uvicorn"))]
    assert ours
    logged = "\n".join(each.getMessage() for each in ours)
    for secret in (TEXT, TEXT[:4], SPOKEN, SPOKEN[:4], audio):
        assert secret not in logged
