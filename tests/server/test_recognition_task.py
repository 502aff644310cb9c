from __future__ import annotations

import asyncio

import pytest

from liusheng.asr.types import StreamParams
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.recognition_task import RecognitionTask
from tests.server.conftest import Fakes

pytestmark = pytest.mark.asyncio(loop_scope="session")


def said(*words: str) -> bytes:
    return b"".join(word.encode().ljust(6_400) for word in words)


async def test_updates_arrive_until_the_final(engines: Fakes) -> None:
    recognition, _ = engines
    listening = RecognitionTask(recognition, StreamParams())
    await listening.feed(said("hello"))
    texts = []
    async for _ in listening.updates():
        texts.append(listening.transcript.view.result)
        if texts[-1] == "hello":
            listening.finish()
    assert listening.transcript.view.result == "hello"
    assert [utterance.text for utterance in listening.utterances] == ["hello"]
    assert listening.seconds == pytest.approx(0.2)


async def test_an_interrupted_recognition_reports_the_reason(engines: Fakes) -> None:
    recognition, _ = engines
    listening = RecognitionTask(recognition, StreamParams())
    listening.fail(ConnectionError("gone"))
    listening.fail(ValueError("later"))
    with pytest.raises(ConnectionError, match="gone"):
        await listening.wait()
    listening.abandon()


async def test_too_much_audio(engines: Fakes) -> None:
    recognition, _ = engines
    listening = RecognitionTask(recognition, StreamParams(), max_seconds=1)
    with pytest.raises(ProtocolError, match="limit of 1 s") as caught:
        await listening.feed(said(*["word"] * 10))
    assert caught.value.code is ErrorCode.SESSION_TOO_LONG
    listening.abandon()


async def test_a_recognition_that_fails(engines: Fakes) -> None:
    recognition, _ = engines
    listening = RecognitionTask(recognition, StreamParams())
    await listening.feed(said("raise"))
    with pytest.raises(ProtocolError) as caught:
        await asyncio.wait_for(listening.wait(), 120)
    assert caught.value.code is ErrorCode.RECOGNITION_FAILED
    with pytest.raises(ProtocolError):
        await listening.feed(said("more"))
    listening.finish()
