"""Synthesis over real worker processes that raise and die."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import pytest

from liusheng.audio.formats import Format
from liusheng.runtime.claim import LONGEST_SECONDS
from liusheng.runtime.errors import BusyError, GaveWayError, TextStoppedError
from liusheng.runtime.options import PoolOptions, SynthesisServiceOptions
from liusheng.runtime.self_tests import SelfTestResults
from liusheng.runtime.synthesis.encoding import AudioOutput
from liusheng.runtime.synthesis.service import SynthesisService
from liusheng.runtime.synthesis.speech import Speech
from liusheng.runtime.workers.hang import call_limit
from liusheng.runtime.workers.process import WorkerLostError
from liusheng.tts.types import SpeechRequest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("fakes", "warm"),
    pytest.mark.asyncio(loop_scope="module"),
]


@asynccontextmanager
async def running(
    workers: int = 1,
    self_tests: SelfTestResults | None = None,
    factory: str = "tests.support.fake_voice.counter",
    clock: Callable[[], float] = time.monotonic,
    call_timeout: float = PoolOptions.call_timeout,
    **options: Any,
) -> AsyncIterator[SynthesisService]:
    synthesis = SynthesisService(
        [],
        SynthesisServiceOptions(**options),
        PoolOptions(workers=workers, call_timeout=call_timeout),
        factory=factory,
        clock=clock,
        self_tests=self_tests,
    )
    await synthesis.start()
    try:
        yield synthesis
    finally:
        await synthesis.stop()


async def numbers(synthesis: SynthesisService, text: str) -> list[int]:
    speech = synthesis.speak(SpeechRequest(text))
    return [int.from_bytes(block, "little") async for block in speech]


async def test_speeches_are_complete_and_in_order() -> None:
    async with running(workers=2) as synthesis:
        assert [voice.name for voice in synthesis.voices] == ["counter"]
        results = await asyncio.gather(*(numbers(synthesis, str(n)) for n in range(8)))
        assert results == [list(range(1, n + 1)) for n in range(8)]


async def test_a_lost_worker_does_not_change_the_audio(tmp_path: Path) -> None:
    async with running() as synthesis:
        both = await asyncio.gather(
            numbers(synthesis, f"6 die-once={tmp_path / 'died'}"), numbers(synthesis, "4")
        )
        assert both == [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4]]


async def test_a_worker_that_hangs_is_replaced_because_of_what_steps_cost(tmp_path: Path) -> None:
    """Long before the longest call: the fake itself goes on before that."""
    async with running(call_timeout=120.0) as synthesis:
        assert await numbers(synthesis, "3") == [1, 2, 3]
        assert await numbers(synthesis, f"6 hang-once={tmp_path / 'hung'}") == [1, 2, 3, 4, 5, 6]
        assert synthesis.pools["synthesis"].losses == {"hung": 1}


async def test_a_worker_that_hangs_while_it_drops_a_speech_is_found_soon() -> None:
    synthesis = SynthesisService([], SynthesisServiceOptions(), PoolOptions())
    synthesis._steps._dropped[0] = [1]
    job = synthesis._steps.take(0)
    assert job is not None
    assert (job.method, job.limit) == ("drop", call_limit(0))


async def test_a_text_that_kills_every_worker_fails_alone() -> None:
    async with running() as synthesis:
        with pytest.raises(WorkerLostError):
            await numbers(synthesis, "6 die")
        assert await numbers(synthesis, "2") == [1, 2]


async def test_a_voice_that_raises_ends_that_speech_after_its_audio() -> None:
    async with running() as synthesis:
        speech = synthesis.speak(SpeechRequest("6 raise"))
        assert [await anext(speech), await anext(speech)] == [b"\1\0", b"\2\0"]
        with pytest.raises(ValueError, match="cannot say 3"):
            await anext(speech)
        assert await numbers(synthesis, "2") == [1, 2]


async def test_synthesis_pauses_when_enough_is_ahead() -> None:
    async with running(ahead=3 / 24_000) as synthesis:
        speech = synthesis.speak(SpeechRequest("100"))
        first = await anext(speech)
        await asyncio.sleep(0.2)
        assert first == b"\1\0"
        assert speech.samples <= 5
        rest = [block async for block in speech]
        assert len(rest) == 99


async def test_a_cancelled_text_frees_its_place() -> None:
    async with running(max_speeches=1) as synthesis:
        speech = synthesis.speak(SpeechRequest("100000 large"))
        await anext(speech)
        with pytest.raises(BusyError):
            synthesis.speak(SpeechRequest("1"))
        speech.cancel()
        assert [block async for block in speech] == []
        assert await numbers(synthesis, "2") == [1, 2]


async def test_a_speech_that_nobody_reads_gives_its_place_to_a_new_one() -> None:
    skipped = 0.0
    async with running(
        max_speeches=1, ahead=3 / 24_000, clock=lambda: time.monotonic() + skipped
    ) as synthesis:
        unread = synthesis.speak(SpeechRequest("100"))
        await anext(unread)
        for _ in range(1_000):
            if unread.ahead >= 3 / 24_000:
                break
            await asyncio.sleep(0.01)
        with pytest.raises(BusyError):
            synthesis.speak(SpeechRequest("1"))
        skipped = 10.0
        assert await numbers(synthesis, "2") == [1, 2]
        with pytest.raises(GaveWayError):
            async for _ in unread:
                pass
        assert synthesis.under_way == 0


async def test_a_text_that_does_not_go_on_gives_its_place_to_a_new_one() -> None:
    skipped = 0.0
    async with running(
        max_speeches=1, flush_after=0, clock=lambda: time.monotonic() + skipped
    ) as synthesis:
        stopped = synthesis.speak(SpeechRequest("spell a"), more=True)
        assert await anext(stopped) == b"a\0"
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError):
            synthesis.speak(SpeechRequest("1"))
        skipped = LONGEST_SECONDS
        assert await numbers(synthesis, "2") == [1, 2]
        with pytest.raises(TextStoppedError):
            await anext(stopped)
        stopped.extend("b", last=True)  # its client does not know yet
        assert synthesis.under_way == 0


async def test_a_speech_keeps_its_place_where_that_makes_no_room() -> None:
    skipped = 0.0
    async with running(
        max_speeches=2, ahead=3 / 24_000, clock=lambda: time.monotonic() + skipped
    ) as synthesis:
        unread = synthesis.speak(SpeechRequest("100"))
        for _ in range(1_000):
            if unread.ahead >= 3 / 24_000:
                break
            await asyncio.sleep(0.01)
        skipped = 10.0
        heard = synthesis.speak(SpeechRequest("100"))
        await anext(heard)
        for _ in range(5):
            synthesis.load.delivered(late=True, now=time.monotonic() + skipped)
        with pytest.raises(BusyError, match="run out of audio"):
            synthesis.speak(SpeechRequest("1"))
        assert len([block async for block in unread]) == 100
        heard.cancel()


def text_of(blocks: list[bytes]) -> str:
    return b"".join(blocks).decode("utf-16-le")


async def test_a_text_in_parts_is_synthesised_as_it_arrives() -> None:
    async with running(flush_after=0) as synthesis:
        speech = synthesis.speak(SpeechRequest("spell a"), more=True)
        assert await anext(speech) == b"a\0"
        speech.extend("bc", last=False)
        assert [await anext(speech), await anext(speech)] == [b"b\0", b"c\0"]
        await asyncio.sleep(0.05)
        speech.extend("", last=False)
        speech.extend("d", last=True)
        assert text_of([block async for block in speech]) == "d"
        with pytest.raises(ValueError, match="complete"):
            speech.extend("e", last=True)


async def test_a_text_that_waits_does_not_keep_others_waiting() -> None:
    async with running() as synthesis:
        speech = synthesis.speak(SpeechRequest("spell a"), more=True)
        await anext(speech)
        assert await numbers(synthesis, "3") == [1, 2, 3]
        speech.cancel()


async def test_a_worker_lost_between_parts_does_not_change_the_audio(tmp_path: Path) -> None:
    async with running(flush_after=0) as synthesis:
        speech = synthesis.speak(SpeechRequest(f"spell={tmp_path / 'died'} ab"), more=True)
        packets = [await anext(speech.packets()), await anext(speech.packets())]
        speech.extend("c!d", last=False)
        speech.extend("e", last=True)
        packets += [packet async for packet in speech.packets()]
        assert text_of([packet.audio for packet in packets]) == "abc!de"
        assert [mark.text for packet in packets for mark in packet.marks] == list("abc!de")


async def test_after_a_pause_the_text_is_flushed_once(tmp_path: Path) -> None:
    async with running(flush_after=0.05) as synthesis:
        speech = synthesis.speak(SpeechRequest(f"spell={tmp_path / 'died'} a"), more=True)
        assert [await anext(speech), await anext(speech)] == [b"a\0", b"\1\0"]
        await asyncio.sleep(0.15)
        speech.extend("b!", last=True)  # the worker dies: the next one is told of the flush
        assert text_of([block async for block in speech]) == "b!"


async def test_volume_and_sample_rate() -> None:
    async with running() as synthesis:
        assert [
            int.from_bytes(block, "little")
            async for block in synthesis.speak(SpeechRequest("3", volume=2.0))
        ] == [2, 4, 6]
        speech = synthesis.speak(SpeechRequest("3 large"), AudioOutput(sample_rate=8_000))
        assert sum([len(block) async for block in speech]) == 3 * 800 * 2


@pytest.mark.parametrize("form", ["wav", "mp3", "ogg_opus"])
async def test_an_encoded_speech_is_one_stream(form: Format, tmp_path: Path) -> None:
    """Also when another worker takes over in the middle of it."""

    async def encoded(text: str) -> bytes:
        async with running() as synthesis:
            speech = synthesis.speak(SpeechRequest(text), AudioOutput(form, 24_000))
            return b"".join([block async for block in speech])

    whole = await encoded("20 large")
    assert await encoded(f"20 large-die-once={tmp_path / 'died'}") == whole
    assert await encoded("0") == b""
    with av.open(io.BytesIO(whole)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
        rate = container.streams.audio[0].rate
    assert samples / rate == pytest.approx(20 * 0.1, abs=0.1)


async def test_no_mark_is_lost_where_an_encoder_keeps_audio(tmp_path: Path) -> None:
    text = f"spell={tmp_path / 'died'} abcdefgh!ij"
    async with running() as synthesis:
        speech = synthesis.speak(SpeechRequest(text), AudioOutput("mp3", 24_000))
        packets = [packet async for packet in speech.packets()]
    assert "".join(mark.text for packet in packets for mark in packet.marks) == "abcdefgh!ij"


async def test_without_workers_every_speech_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as synthesis:
        assert len(synthesis.pids) == 1
        speeches = [synthesis.speak(SpeechRequest("spell a"), more=True) for _ in range(2)]
        assert [await anext(speech) for speech in speeches] == [b"a\0"] * 2
        synthesis._steps.stranded(RuntimeError("no worker can be started"))
        for speech in speeches:
            with pytest.raises(RuntimeError, match="no worker"):
                await anext(speech)
        assert await numbers(synthesis, "1") == [1]
    monkeypatch.setattr("liusheng.runtime.workers.pool.Pool.is_stranded", True)
    with pytest.raises(BusyError, match="no synthesis worker"):
        synthesis.speak(SpeechRequest("1"))


async def test_a_speech_cancelled_before_or_during_a_step_is_dropped() -> None:
    async with running() as synthesis:
        first = synthesis.speak(SpeechRequest("5 large"))
        second = synthesis.speak(SpeechRequest("5 large"))
        second.cancel()  # no worker has it yet
        assert await anext(first)
        first.cancel()
        assert await numbers(synthesis, "2") == [1, 2]


async def test_a_self_test_that_fails_keeps_nobody_from_speaking(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    results = SelfTestResults(tmp_path / "self-tests.json")
    untestable = "tests.support.fake_voice.untestable"
    async with running(self_tests=results, factory=untestable) as synthesis:
        assert "synthesis: the self-test failed" in caplog.text
        assert synthesis.load.real_time_factor("") == 0.0
        assert await numbers(synthesis, "2") == [1, 2]


async def test_a_speech_is_refused_that_would_make_others_stutter() -> None:
    async with running() as synthesis:
        speech = synthesis.speak(SpeechRequest("spell a"), more=True)
        assert await anext(speech)
        synthesis.load.tested("counter", 1.2, 2.0)
        now = time.monotonic()
        assert synthesis.demand() == pytest.approx(0.6, rel=0.6)
        with pytest.raises(BusyError, match="some of 2 speeches would run out of audio") as caught:
            synthesis.speak(SpeechRequest("1"))
        assert caught.value.reason == "playback"
        for _ in range(20):
            synthesis.load.delivered(late=True, now=now)
        with pytest.raises(BusyError, match="some run out of audio"):
            synthesis.check_room()
        assert synthesis.admission.refused == {"playback": 2}
        speech.cancel()
        assert await numbers(synthesis, "2") == [1, 2], "alone, everybody may speak"
        assert synthesis.statistics.first_packets.count == 2
        assert synthesis.statistics.step_seconds.count >= 3


@pytest.mark.parametrize("method", ["start_message", "update_message", "add"])
async def test_a_fault_in_one_speech_ends_that_one(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would wait for ever for a step that no worker has."""
    real = getattr(Speech, method)

    def fail(speech: Speech, *args: Any) -> Any:
        if speech is broken:
            raise KeyError("no such thing")
        return real(speech, *args)

    async with running() as synthesis:
        monkeypatch.setattr(Speech, method, fail)
        broken = synthesis.speak(SpeechRequest("3"))
        with pytest.raises(KeyError, match="no such thing"):
            await asyncio.wait_for(_all(broken), 60)
        assert await numbers(synthesis, "2") == [1, 2]
        assert synthesis.under_way == 0


async def _all(speech: Speech) -> list[bytes]:
    return [block async for block in speech]
