"""Streams of an offline model over real processes that are killed on the way."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from liusheng.asr.in_process import InProcessStream
from liusheng.asr.live.decoder import LiveRecognizer
from liusheng.asr.options import AsrOptions
from liusheng.asr.types import Partial, StreamParams, Utterance
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.asr.vad.segments import SpeechActivity
from liusheng.audio.pcm import samples_to_pcm
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.runtime.recognition.stream_audio import MAX_VAD_LAG
from tests.support.letters import LetterEngine, speak
from tests.support.level_detector import LevelDetector

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("fakes", "warm"),
    pytest.mark.asyncio(loop_scope="module"),
]

PACKET = 2720
TEXTS = ("  abcdef        ghijab    ", "     cdefgh  ijabcd          efghi", "  fghijabcde")


@asynccontextmanager
async def letters(**options: float) -> AsyncIterator[RecognitionService]:
    """A service whose model and detector understand our speech."""
    recognition = RecognitionService(
        [],
        AsrOptions(),
        replace(RecognitionServiceOptions(), **options),  # type: ignore[arg-type]
        PoolOptions(workers=1),
        factory="tests.support.letter_handlers.recognition",
        vad_factory="tests.support.letter_handlers.vad",
    )
    await recognition.start()
    try:
        yield recognition
    finally:
        await recognition.stop()


def in_process(text: str) -> list[str]:
    detector = SpeechActivityDetector(detector=LevelDetector())
    stream = InProcessStream(LiveRecognizer(LetterEngine()), StreamParams(), detector)
    return [u.text for u in stream.advance(speak(text), last=True).closed]


@pytest.mark.parametrize(
    "victim", ["both", *(pytest.param(one, marks=pytest.mark.slow) for one in ("vad", "worker"))]
)
async def test_texts_are_those_of_one_pass_whichever_process_dies(victim: str) -> None:
    async with letters() as recognition:
        loop = asyncio.get_running_loop()
        texts: list[list[str]] = [[] for _ in TEXTS]
        over = [loop.create_future() for _ in TEXTS]

        def opened(n: int) -> RecognitionStream:
            def update(closed: tuple[Utterance, ...], _: Partial) -> None:
                texts[n].extend(u.text for u in closed)

            finish = over[n].set_result
            fail = over[n].set_exception
            return recognition.open(StreamParams("en"), update, lambda: finish(None), fail)

        streams = [opened(n) for n in range(len(TEXTS))]
        spoken = [samples_to_pcm(speak(text)) for text in TEXTS]
        rounds = -(-max(map(len, spoken)) // PACKET)
        for k in range(rounds):
            for stream, pcm in zip(streams, spoken, strict=True):
                stream.feed(pcm[k * PACKET : (k + 1) * PACKET])
            await asyncio.sleep(0.01)
            if k == rounds // 2:
                worker, vad = recognition.pids
                for pid in {"vad": (vad,), "worker": (worker,), "both": (vad, worker)}[victim]:
                    os.kill(pid, signal.SIGKILL)
        for stream in streams:
            stream.finish()
        await asyncio.wait_for(asyncio.gather(*over), 120)
        assert texts == [in_process(text) for text in TEXTS]
        assert all(stream.queued_seconds == 0 for stream in streams)


async def test_what_comes_during_a_turn_that_detects_speech_is_detected_without_more_audio() -> (
    None
):
    async with letters() as recognition:
        partials: asyncio.Queue[str] = asyncio.Queue()
        stream = recognition.open(
            StreamParams("en"),
            lambda _, partial: partials.put_nowait(partial.text),
            lambda: None,
            lambda error: partials.put_nowait(str(error)),
        )
        spoken = samples_to_pcm(speak("  abcdefghij"))
        burst = 2 * (MAX_VAD_LAG + PACKET)
        stream.feed(spoken[:burst])
        assert stream.audio.without_vad
        assert recognition.queue_depth == 1
        while recognition.queue_depth:  # noqa: ASYNC110 - until the worker has its turn
            await asyncio.sleep(0)
        stream.feed(spoken[burst:])
        while await asyncio.wait_for(partials.get(), 30) != " ".join("abcdefghij"):
            pass


@pytest.mark.parametrize("fed_at", [0, 2])
async def test_a_final_never_waits_for_a_detector_that_the_stream_has_left(fed_at: int) -> None:
    """Audio that came at once is backlog as soon as turns have taken more of it than was spoken."""
    async with letters(max_turn=2.0) as recognition:
        over = asyncio.get_running_loop().create_future()
        texts: list[str] = []
        stream = recognition.open(
            StreamParams("en"),
            lambda closed, _: texts.extend(utterance.text for utterance in closed),
            lambda: over.set_result(None),
            over.set_exception,
        )
        text = "  abcdefghij      " * 12
        spoken = samples_to_pcm(speak(text))
        stream.feed(spoken[: len(spoken) // 4 * 2])
        for _ in range(fed_at):
            await asyncio.sleep(0.02)
        stream.feed(spoken[len(spoken) // 4 * 2 :])
        stream.finish()
        await asyncio.wait_for(over, 30)
        assert " ".join(texts) == " ".join(text.replace(" ", ""))


async def test_who_asks_is_told_what_was_detected_and_fails_alone() -> None:
    async with letters() as recognition:
        loop = asyncio.get_running_loop()
        ends = [loop.create_future() for _ in range(2)]
        told: list[SpeechActivity] = []
        streams = []
        for end in ends:

            def finish(end: asyncio.Future[str] = end) -> None:
                end.set_result("finished")

            def fail(error: Exception, end: asyncio.Future[str] = end) -> None:
                end.set_result(f"failed: {error}")

            streams.append(recognition.open(StreamParams("en"), lambda *_: None, finish, fail))

        def unable(_: SpeechActivity) -> None:
            raise ValueError("no more")

        streams[0].on_speech = told.append
        streams[1].on_speech = unable
        spoken = samples_to_pcm(speak("  abcdef          "))
        for at in range(0, len(spoken), PACKET):
            for stream in streams:
                stream.feed(spoken[at : at + PACKET])
            await asyncio.sleep(0.01)
        for stream in streams:
            stream.finish()
        assert await asyncio.wait_for(asyncio.gather(*ends), 120) == ["finished", "failed: no more"]
        assert any(each.open for each in told)
        assert told[-1].open is None
