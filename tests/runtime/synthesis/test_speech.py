"""A speech without a service: the messages to its worker, and its packets."""

from __future__ import annotations

import asyncio

import pytest

from liusheng.audio.formats import Format
from liusheng.runtime.synthesis.encoding import AudioOutput, EncodedStream
from liusheng.runtime.synthesis.messages import SpeechChunk, SpeechStart, SpeechUpdate
from liusheng.runtime.synthesis.speech import Speech
from liusheng.tts.types import SpeechMark, SpeechRequest

MARK = SpeechMark((0, 1), "a", 0.0, 0.5)


class Controller:
    """Records what a speech reports."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.busy = 0.0

    def packet_taken(self, speech: Speech) -> None:
        self.calls.append("packet_taken")

    def encoded(self, speech: Speech, busy: float) -> None:
        self.busy += busy

    def text_extended(self, speech: Speech) -> None:
        self.calls.append("text_extended")

    def cancel(self, speech: Speech) -> None:
        self.calls.append("cancel")


def speech(
    text: str = "a", output: AudioOutput | None = None, *, last: bool = True
) -> tuple[Speech, Controller]:
    controller = Controller()
    return Speech(
        controller, 7, SpeechRequest(text), output or AudioOutput(), last=last
    ), controller


def made(seconds: float, *marks: SpeechMark) -> SpeechChunk:
    """Synthesised audio, whose place in the speech a packet does not depend on."""
    return SpeechChunk(b"\1\0" * round(24_000 * seconds), 0.0, marks)


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
    assert one.start_message() == SpeechStart(request, True, (1,), 2, 1)


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
    assert one.add(made(0.5, MARK)) == 0.5
    assert one.add(SpeechChunk(b"", 0.5)) == 0.0, "the worker makes again what was delivered"
    assert one.add(made(0.25)) == 0.25
    one.end()
    assert one.ahead == 0.75
    assert one.samples == 18_000
    packets = [packet async for packet in one.packets()]
    assert [(each.start, each.seconds, each.marks) for each in packets] == [
        (0.0, 0.5, (MARK,)),
        (0.5, 0.25, ()),
    ]
    assert packets[1].audio == b"\1\0" * 6_000
    assert one.ahead == 0
    assert controller.calls == ["packet_taken"] * 2


async def test_marks_go_with_the_bytes_of_what_an_encoder_held_back() -> None:
    one, controller = speech(output=AudioOutput("mp3"))
    marks = [SpeechMark((at, at + 1), "a", 0.0, 0.5) for at in range(3)]
    for mark in marks:
        one.add(made(0.01, mark))
    one.add(made(0.5))
    one.end()
    first, *others = [packet async for packet in one.packets()]
    assert (first.start, first.seconds, first.marks) == (0.0, pytest.approx(0.53), tuple(marks))
    assert sum(packet.seconds for packet in others) == 0.0, "what is left of an encoder"
    assert controller.busy > 0


@pytest.mark.parametrize("form", ["wav", "mp3"])
async def test_no_audio_has_no_container(form: Format) -> None:
    one, _ = speech(output=AudioOutput(form))
    one.end()
    assert [audio async for audio in one] == []


async def test_a_speech_that_is_cancelled_while_it_is_encoded_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, _ = speech()

    async def cancelled(stream: EncodedStream, pcm: bytes) -> bytes:
        one.cancel()
        return pcm

    monkeypatch.setattr(EncodedStream, "feed", cancelled)
    one.add(made(0.5))
    assert [audio async for audio in one] == []


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
