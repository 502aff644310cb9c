"""Streams that are continued from a checkpoint, as another server does, against unbroken ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest

from liusheng.asr.options import AsrOptions
from liusheng.asr.types import Partial, StreamParams, Utterance
from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.models.store import Store
from liusheng.models.types import InstalledModel
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions
from liusheng.runtime.recognition.checkpoint import StreamCheckpoint
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.recognition.stream import RecognitionStream
from tests.support.letters import speak

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("fakes", "warm"),
    pytest.mark.asyncio(loop_scope="module"),
]

CLIPS = Path(__file__).parents[2] / "data" / "tiny"
PACKET = 2720
TEXT = "  abcdef        ghijab        cdefghijabcd           efghi        fghijabcde    "
FACTORY = "tests.support.letter_handlers.recognition"
VAD_FACTORY = "tests.support.letter_handlers.vad"


@asynccontextmanager
async def recognising(
    *models: InstalledModel,
) -> AsyncIterator[RecognitionService]:
    """A service of these models; without one, of a model that understands our speech."""
    made = partial(
        RecognitionService,
        models,
        AsrOptions(),
        RecognitionServiceOptions(),
        PoolOptions(workers=1),
    )
    recognition = made() if models else made(factory=FACTORY, vad_factory=VAD_FACTORY)
    await recognition.start()
    try:
        yield recognition
    finally:
        await recognition.stop()


class Followed:
    """A stream and its utterances. feed: its audio from the checkpoint on."""

    def __init__(
        self, recognition: RecognitionService, checkpoint: StreamCheckpoint | None = None
    ) -> None:
        self.closed: list[Utterance] = []
        self.over = asyncio.get_running_loop().create_future()
        self.stream: RecognitionStream = recognition.open(
            StreamParams(),
            self._update,
            lambda: self.over.set_result(None),
            self.over.set_exception,
            checkpoint=checkpoint,
        )

    def _update(self, closed: tuple[Utterance, ...], _: Partial) -> None:
        self.closed += closed

    def has_closed(self) -> bool:
        return bool(self.closed)

    async def hear(self, pcm: bytes, until: Callable[[], bool] = lambda: False) -> bool:
        """Feed audio as it is taken, until something is so; return whether it was."""
        for at in range(0, len(pcm), PACKET):
            self.stream.feed(pcm[at : at + PACKET])
            for _ in range(100):  # in a pause, a turn may need more audio than that
                if self.stream.audio.missing or self.stream.queued_seconds < 0.5:
                    break
                await asyncio.sleep(0.002)
            if until():
                return True
        return False

    async def finish(self) -> list[Utterance]:
        self.stream.finish()
        await asyncio.wait_for(self.over, 60)
        return self.closed


async def continued(recognition: RecognitionService, pcm: bytes) -> None:
    """Break a stream whenever an utterance is closed; the text is that of an unbroken one."""
    whole = Followed(recognition)
    await whole.hear(pcm)
    expected = await whole.finish()
    assert len(expected) > 2
    found: list[Utterance] = []
    checkpoint: StreamCheckpoint | None = None
    breaks = 0
    while True:
        begin = checkpoint.audio.begin if checkpoint else 0
        stream = Followed(recognition, checkpoint)
        if not await stream.hear(pcm[2 * begin :], stream.has_closed):
            found += await stream.finish()
            break
        assert stream.stream.checkpoint is not checkpoint
        assert stream.stream.checkpoint is not None
        # On the way it is data and nothing else.
        carried = msgspec.msgpack.encode(stream.stream.checkpoint)
        checkpoint = msgspec.msgpack.decode(carried, type=StreamCheckpoint)
        assert checkpoint == stream.stream.checkpoint
        assert checkpoint.index == stream.closed[-1].index + 1
        assert begin < checkpoint.audio.begin <= stream.stream.audio.received
        found += stream.closed
        stream.stream.abandon()
        breaks += 1
    assert breaks > 1
    assert found == expected


@pytest.mark.slow
async def test_a_windowed_model() -> None:
    async with recognising() as recognition:
        await continued(recognition, samples_to_pcm(speak(TEXT)))


async def test_an_online_model(tmp_path: Path) -> None:
    clips = sorted(clip for clip in CLIPS.glob("*.flac") if not clip.stem.startswith("other"))
    pause = bytes(2 * 24_000)
    pcm = b"".join(
        b"".join(map(samples_to_pcm, decode_file(clip, 16_000))) + pause for clip in clips[:4]
    )
    async with recognising(Store(tmp_path).open_named("tiny")) as recognition:
        await continued(recognition, pcm)


async def test_what_a_client_leaves_out_is_silence() -> None:
    """It ends before the audio that another server had."""
    async with recognising() as recognition:
        stream = Followed(recognition)
        assert await stream.hear(samples_to_pcm(speak(TEXT)), stream.has_closed)
        checkpoint = stream.stream.checkpoint
        assert checkpoint is not None
        stream.stream.abandon()
        short = Followed(recognition, checkpoint)
        assert short.stream.audio.missing > 0
        assert await short.finish() == []


async def test_what_it_makes_up_for_is_no_backlog() -> None:
    async with recognising() as recognition:
        stream = Followed(recognition)
        pcm = samples_to_pcm(speak(TEXT))
        assert await stream.hear(pcm, stream.has_closed)
        checkpoint = stream.stream.checkpoint
        assert checkpoint is not None
        stream.stream.abandon()
        # It was on the other server for an hour.
        hour = 3_600 * 16_000
        audio = checkpoint.audio
        later = replace(
            audio,
            begin=audio.begin + hour,
            needs=audio.needs + hour,
            taken=audio.taken + hour,
            speech=replace(
                audio.speech, end=audio.speech.end + hour, needs=audio.speech.needs + hour
            ),
        )
        again = Followed(recognition, replace(checkpoint, audio=later))
        again.stream.feed(pcm[2 * audio.begin :])
        assert not recognition._scheduler._streams[again.stream].is_backlog(recognition._clock())
        again.stream.abandon()
