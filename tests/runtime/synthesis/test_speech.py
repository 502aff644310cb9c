"""A speech without a service: the messages to its worker, and its packets."""

from __future__ import annotations

import asyncio

import pytest

from liusheng.runtime.synthesis.messages import Output, SpeechChunk, SpeechStart, SpeechUpdate
from liusheng.runtime.synthesis.speech import Packet, Speech
from liusheng.tts.types import SpeechMark, SpeechRequest

MARK = SpeechMark((0, 1), "a", 0.0, 0.5)


class Controller:
    """Records what a speech reports."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def packet_taken(self, speech: Speech) -> None:
        self.calls.append("packet_taken")

    def text_extended(self, speech: Speech) -> None:
        self.calls.append("text_extended")

    def cancel(self, speech: Speech) -> None:
        self.calls.append("cancel")


def speech(text: str = "a", *, last: bool = True) -> tuple[Speech, Controller]:
    controller = Controller()
    return Speech(controller, 7, SpeechRequest(text), Output(), last=last), controller


def test_an_update_has_only_what_is_new() -> None:
    one, controller = speech("a", last=False)
    assert one.has_update
    assert one.start_message() == SpeechStart(SpeechRequest("a"), last=False)
    assert not one.has_update
    one.extend("b", last=False)
    one.flush()
    assert one.has_update
    assert one.update_message() == SpeechUpdate("b", False, (2,))
    one.extend("c", last=True)
    assert one.update_message() == SpeechUpdate("c", True)
    assert not one.has_update
    assert controller.calls == ["text_extended", "text_extended"]


def test_a_restart_has_all_of_the_text_and_what_was_delivered() -> None:
    one, _ = speech("a", last=False)
    one.start_message()
    one.add(SpeechChunk(b"1234", 0.5, (MARK,)))
    one.flush()
    one.extend("b", last=True)
    request = SpeechRequest("ab")
    assert one.start_message() == SpeechStart(request, Output(), True, (1,), 4, 1)


def test_a_text_is_flushed_until_it_grows() -> None:
    one, _ = speech("a", last=False)
    assert not one.flushed
    one.flush()
    assert one.flushed
    one.extend("b", last=False)
    assert not one.flushed
    assert one.length == 2


def test_a_complete_text_cannot_be_extended() -> None:
    one, _ = speech("a")
    with pytest.raises(ValueError, match="complete"):
        one.extend("b", last=True)


async def test_packets_follow_each_other() -> None:
    one, controller = speech()
    assert one.add(SpeechChunk(b"12", 0.5, (MARK,))) == 0.5
    assert one.add(SpeechChunk(b"", 0.5)) == 0.0, "an encoder held the audio back"
    assert one.add(SpeechChunk(b"34", 0.75)) == 0.25
    assert one.add(SpeechChunk(b"5", 0.7)) == 0.0, "time does not go back"
    one.end()
    assert one.ahead == 0.75
    assert one.samples == 18_000
    assert [packet async for packet in one.packets()] == [
        Packet(b"12", 0.0, 0.5, (MARK,)),
        Packet(b"34", 0.5, 0.25, ()),
        Packet(b"5", 0.75, 0.0, ()),
    ]
    assert one.ahead == 0
    assert controller.calls == ["packet_taken"] * 3


async def test_a_failure_comes_after_the_audio() -> None:
    one, _ = speech()
    one.add(SpeechChunk(b"12", 0.5))
    one.end(RuntimeError("lost"))
    assert await anext(one) == b"12"
    with pytest.raises(RuntimeError, match="lost"):
        await anext(one)


async def test_a_reader_waits_for_the_next_packet() -> None:
    one, _ = speech()
    reader = asyncio.ensure_future(anext(one))
    await asyncio.sleep(0)
    assert not reader.done()
    one.add(SpeechChunk(b"12", 0.5))
    assert await reader == b"12"


async def test_a_cancelled_speech_ends_at_once() -> None:
    one, controller = speech()
    one.add(SpeechChunk(b"12", 0.5))
    one.cancel()
    assert [audio async for audio in one] == []
    assert controller.calls == ["cancel"]
