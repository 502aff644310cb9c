"""The text that a client carries from one server to another."""

from __future__ import annotations

import asyncio
import os

import msgspec
import pytest

from liusheng.asr.types import Utterance
from liusheng.protocol.asr import Limits, Start
from liusheng.protocol.asr_recognition import RecognitionState
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.config.resume import ResumeSettings
from liusheng.server.websocket.resume_tokens import Carried, TokenContent, seal_final
from liusheng.server.websocket.resumption import ResumableRecognitions
from liusheng.server.websocket.sealing import Sealer

SECRET = os.urandom(32)
LIMITS = Limits(idle_seconds=1, max_packet_bytes=1, max_queued_seconds=1, max_session_seconds=0)


def carried(count: int) -> Carried:
    """Return a recognition with so many utterances."""
    sealer = Sealer([SECRET], "a")
    said = (Utterance(n, f"number {n}", (), "en", n, n + 0.5) for n in range(count))
    finals = tuple(seal_final(sealer, n, utterance) for n, utterance in enumerate(said))
    start = msgspec.convert({"name": "a", "signal": "start"}, Start)
    return Carried("a", TokenContent("me", 0, "s", start, "m"), sealer, finals)


def whole_text(state: RecognitionState) -> str:
    return "".join(piece for piece, _ in state.replies.transcript.pieces)


async def test_others_are_served_while_the_text_of_hours_is_opened() -> None:
    long = carried(2_000)
    state = long.state(LIMITS)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    await ResumableRecognitions(ResumeSettings(), [SECRET]).restore(long, state)
    task.cancel()
    assert turns > sum(map(len, long.finals)) / 10_000 > 10
    assert whole_text(state) == " ".join(f"number {n}" for n in range(2_000))


@pytest.mark.parametrize("changed", [0, 999])
async def test_a_final_at_another_place_is_noticed(changed: int) -> None:
    long = carried(1_000)
    finals = list(long.finals)
    finals[changed] = finals[changed - 1]
    forged = Carried("a", long.content, long.sealer, finals)
    with pytest.raises(ProtocolError) as refused:
        await ResumableRecognitions(ResumeSettings(), [SECRET]).restore(
            forged, forged.state(LIMITS)
        )
    assert refused.value.code is ErrorCode.UNKNOWN_SESSION


async def test_one_without_text() -> None:
    none = carried(0)
    state = none.state(LIMITS)
    await ResumableRecognitions(ResumeSettings(), [SECRET]).restore(none, state)
    assert whole_text(state) == ""
