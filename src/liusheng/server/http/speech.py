"""Speech for doors: a text in, encoded audio out while it is made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import numpy as np

from liusheng.audio.encode import Format, open_encoder
from liusheng.audio.pcm import pcm_to_samples, samples_to_pcm
from liusheng.audio.resample import Resampler
from liusheng.protocol.errors import ProtocolError
from liusheng.protocol.spoken import Spoken, nothing_to_say
from liusheng.runtime.recognition import BusyError
from liusheng.runtime.synthesis import Synthesis
from liusheng.server.troubles import no_room, synthesis_failed
from liusheng.tts.types import SAMPLE_RATE, SpeechRequest

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shape:
    """What becomes of a voice's samples.

    volume: they are multiplied by it.
    rate: in hertz.
    """

    format: Format
    volume: float = 1.0
    rate: int = SAMPLE_RATE


async def speak(synthesis: Synthesis, spoken: Spoken, shape: Shape) -> AsyncGenerator[bytes, None]:
    """Yield a text's audio, as it is made and taken; stop the iterator and the synthesis stops.

    Raises:
        ProtocolError: server_busy, synthesis_failed or nothing_to_say; what goes wrong with the
            first block of audio is raised before anything is yielded.
    """
    try:
        speech = synthesis.speak(SpeechRequest(spoken.text, spoken.voice, spoken.speed))
    except BusyError as error:
        _log.warning("refused: %s", error)
        raise no_room("text", error) from None
    shaper = _Shaper(shape)
    silent = True
    try:
        async for pcm in speech:
            silent = False
            if data := await asyncio.to_thread(shaper.feed, pcm) if shaper.works else pcm:
                yield data
        if silent:
            raise nothing_to_say(spoken.text)
        if data := await asyncio.to_thread(shaper.finish):
            yield data
    except ProtocolError:
        raise
    except Exception as error:
        _log.exception("synthesis failed")
        raise synthesis_failed() from error
    finally:
        speech.cancel()


class _Shaper:
    """A voice's PCM in, encoded audio out; computes, so it has no place on the event loop."""

    def __init__(self, shape: Shape) -> None:
        self._volume = shape.volume
        self._resampler = Resampler(SAMPLE_RATE, shape.rate)
        self._encoder = open_encoder(shape.format, shape.rate)
        self._changes = shape.volume != 1.0 or shape.rate != SAMPLE_RATE
        self.works = self._changes or shape.format != "pcm_s16le"

    def feed(self, pcm: bytes, *, last: bool = False) -> bytes:
        if self._changes:
            samples = pcm_to_samples(pcm) * np.float32(self._volume)
            pcm = samples_to_pcm(self._resampler.feed(samples, last=last))
        return self._encoder.feed(pcm)

    def finish(self) -> bytes:
        return self.feed(b"", last=True) + self._encoder.finish()
