"""What users say and write is in no log: at any level while all works, and at level debug only
where an engine fails and quotes it."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, cast

import httpx2
import pytest

from liusheng.protocol import paths
from liusheng.runtime.punctuation.service import PunctuationService
from liusheng.server import logs
from tests.server.conftest import Serve, Server
from tests.support.failing import SECRET, quote_with_a_cause

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


@contextmanager
def logged(level: str, style: Literal["text", "json"]) -> Iterator[io.StringIO]:
    """Log as a server does; what it writes."""
    root = logging.getLogger()
    names = ("uvicorn.error", "uvicorn.access", "httpx2", "asyncio", "python_multipart")
    before = root.handlers[:], root.level, [logging.getLogger(name).level for name in names]
    logs.set_up(level, style)
    written = io.StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    # Our own clients in this process log what they send.
    handler.addFilter(lambda record: record.name.startswith("liusheng"))
    try:
        yield written
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        for name, level_before in zip(names, before[2], strict=True):
            logging.getLogger(name).setLevel(level_before)


async def fail_in_a_live_recognition(server: Server) -> None:
    async with server.asr() as asr:
        await asr.send(f"raise={SPOKEN}".replace(" ", "-").encode().ljust(3_200))
        answer = await asr.ask({"name": "a", "signal": "end", "nbest": 1})
        while "code" not in answer and "error" not in answer:
            answer = await asr.receive()


async def fail_in_a_recognition(server: Server) -> None:
    words = f"raise={SPOKEN}".replace(" ", "-").encode().ljust(3_200)
    async with httpx2.AsyncClient(base_url=f"http://{server.address}") as client:
        answer = await client.post(f"{paths.ASR_STREAMING}?format=pcm_s16le", content=words)
    assert "recognition_failed" in answer.text


async def fail_in_a_live_synthesis(server: Server) -> None:
    async with server.tts() as tts:
        answer = await tts.ask({"text": f"3 raise-quoting={TEXT}", "spk_id": 0})
        while answer.get("status") == 1:
            answer = await tts.receive()
    assert "synthesis_failed" in str(answer)


async def fail_in_a_synthesis(server: Server) -> None:
    async with httpx2.AsyncClient(base_url=f"http://{server.address}") as client:
        answer = await client.post(paths.TTS, json={"text": f"3 raise-quoting={TEXT}"})
    assert "synthesis_failed" in answer.text


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize(
    ("fail", "secret", "words"),
    [
        (
            fail_in_a_live_recognition,
            SPOKEN[:12],
            ("a turn of 1 streams failed: ValueError", "_heard"),
        ),
        (fail_in_a_recognition, SPOKEN[:12], ("recognition failed: ValueError", "_heard")),
        (fail_in_a_live_synthesis, TEXT, ("a speech failed: ValueError", "_counted", "KeyError")),
        (fail_in_a_synthesis, TEXT, ("synthesis failed: ValueError", "_counted")),
    ],
)
async def test_an_engine_that_fails_and_quotes_its_user(
    server: Server,
    fail: Callable[[Server], Awaitable[None]],
    secret: str,
    words: tuple[str, ...],
    style: Literal["text", "json"],
) -> None:
    with logged("info", style) as written:
        await fail(server)
    text = written.getvalue()
    assert secret not in text
    for each in words:
        assert each in text
    with logged("debug", style) as written:
        await fail(server)
    assert secret in written.getvalue()


class Quoting:
    """A service that fails on every text."""

    async def punctuate(self, text: str) -> str:
        quote_with_a_cause()


async def test_a_punctuation_model_that_fails_and_quotes_its_user(serve: Serve) -> None:
    failing: Any = Quoting()
    failing.pools = failing.processes = {}
    server = await serve(punctuation=cast(PunctuationService, failing))
    for level in ("info", "debug"):
        with logged(level, "text") as written:
            async with httpx2.AsyncClient(base_url=f"http://{server.address}") as client:
                answer = await client.post(paths.TEXT, json={"text": SECRET})
        assert answer.json()["error"] == "internal_error"
        assert "punctuation failed: ValueError" in written.getvalue()
        assert "in quote_with_a_cause" in written.getvalue()
        assert (SECRET in written.getvalue()) == (level == "debug")
