"""One speaker: a recording spoken to a server in real time, and what came back when."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from liusheng.asr.text.pieces import stands_alone
from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.bench.token_delay import first_shown, visible_tokens
from liusheng.bench.transcribe import Recording
from liusheng.client import Client, ClientError, Final, Word

RATE = 16_000
PACKET_SECONDS = 0.085
"""What the original's reference client sends at a time."""
_PACKET_BYTES = round(RATE * PACKET_SECONDS) * 2


@dataclass(frozen=True)
class Clip:
    """A recording, ready to be spoken.

    pcm: 16 kHz, 16-bit.
    """

    recording: Recording
    pcm: bytes

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.pcm) / (2 * RATE)


@dataclass(frozen=True)
class AsrResult:
    """A recording spoken once. Times are in seconds.

    began: on the clock of the whole measurement.
    seconds: of audio that was sent.
    text: the final; "" when it failed.
    delays: for each token of the final text, when it was first shown less when its last sound was
        spoken.
    final_latency: from `end` to the final text; None when it failed.
    lags: for each chunk that the model decodes, when the first reply that tells of it came, less
        when the packet left that completed it; empty where the server does not say.
    lateness: by how much the latest packet left too late: what the load generator, or a server that
        does not read, adds to every figure.
    failure: code of the error that ended it; "" when it went well.
    """

    recording: Recording
    began: float
    seconds: float
    text: str = ""
    model: str = ""
    delays: tuple[float, ...] = ()
    final_latency: float | None = None
    lags: tuple[float, ...] = ()
    lateness: float = 0.0
    failure: str = ""


def read_clips(recordings: Iterable[Recording]) -> list[Clip]:
    """Decode recordings.

    Raises:
        DecodeError, OSError: when one cannot be read.
    """
    return [
        Clip(recording, b"".join(map(samples_to_pcm, decode_file(recording.path, RATE))))
        for recording in recordings
    ]


async def speak(
    client: Client, clip: Clip, lang: str, *, pause: float = 0.0, epoch: float = 0.0
) -> AsrResult:
    """Speak a recording in real time, after `pause` seconds of silence, and return what came.

    lang: what the server is told.
    epoch: the beginning of the measurement, on the event loop's clock.
    """
    now = asyncio.get_running_loop().time
    voice = _Voice(bytes(2 * round(pause * RATE)) + clip.pcm, now)
    began = now() - epoch
    shown: list[tuple[float, str]] = []
    told: list[tuple[float, float]] = []
    recognition = client.recognize(voice, lang=lang, name=clip.recording.id)
    try:
        async for update in recognition:
            at = now()
            if isinstance(update, Final):
                final = update
                break
            if not shown or shown[-1][1] != update.text:
                shown.append((at - voice.started, update.text))
            if update.heard is not None and (not told or told[-1][1] < update.heard):
                told.append((at, update.heard))
        else:
            return AsrResult(clip.recording, began, voice.seconds, failure="no_final")
        # What the server does after its final is not waited for, but its socket is closed.
        await recognition.aclose()
    except ClientError as error:
        return AsrResult(clip.recording, began, voice.seconds, failure=error.code)
    ready = recognition.ready
    return AsrResult(
        clip.recording,
        began,
        voice.seconds,
        text=final.text,
        model=ready.model if ready else "",
        delays=tuple(token_delays(final.words, shown, at - voice.started)),
        final_latency=at - voice.ended,
        lags=tuple(chunk_lags(told, voice.sent)),
        lateness=voice.lateness,
    )


def token_delays(
    words: Sequence[Word], shown: Iterable[tuple[float, str]], final_at: float
) -> list[float]:
    """Return for each token of a final text when it was first shown less when it was spoken.

    words: the final's times; a word of several tokens is spoken at its end.
    shown: times and the texts shown from then on; final_at: when the final text came.
        All are seconds from the start of the audio.
    """
    by_letter = any(stands_alone(letter) for word in words for letter in word.text)
    spoken = [
        (token, word.end)
        for word in words
        for token in visible_tokens(word.text, by_letter=by_letter)
    ]
    texts = [(at, visible_tokens(text, by_letter=by_letter)) for at, text in shown]
    first = first_shown([token for token, _ in spoken], texts)
    return [
        (final_at if at is None else at) - end for at, (_, end) in zip(first, spoken, strict=True)
    ]


def chunk_lags(told: Sequence[tuple[float, float]], sent: Sequence[float]) -> list[float]:
    """Return for each chunk when it was first told of, less when the packet left that completed it.

    told: when replies came that told of more audio than those before, and of how much (seconds).
    sent: when each packet left.
    """
    steps = [after - before for (_, before), (_, after) in pairwise(told)]
    if not steps:
        return []
    # A turn that was late takes several chunks at once; each of them was late.
    chunk = median(steps)
    lags = []
    for (_, before), (at, heard) in pairwise(told):
        count = max(1, round((heard - before) / chunk))
        for n in range(count):
            completed = heard - n * chunk
            packet = min(math.ceil(completed / PACKET_SECONDS - 1e-6), len(sent)) - 1
            lags.append(at - sent[packet])
    return lags


class _Voice:
    """The packets of a recording, each when it has been spoken.

    started, ended: on the clock `now`, when the first sound was uttered and the last packet left.
    sent: when each packet left.
    seconds: of audio that was sent.
    """

    def __init__(self, pcm: bytes, now: Callable[[], float]) -> None:
        self._pcm = pcm
        self._now = now
        self.started = self.ended = now()
        self.sent: list[float] = []
        self.seconds = 0.0
        self.lateness = 0.0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.started = self._now()
        for at in range(0, len(self._pcm), _PACKET_BYTES):
            packet = self._pcm[at : at + _PACKET_BYTES]
            due = self.started + (at + len(packet)) / (2 * RATE)
            await asyncio.sleep(due - self._now())
            self.lateness = max(self.lateness, self._now() - due)
            self.seconds = (at + len(packet)) / (2 * RATE)
            self.sent.append(self._now())
            yield packet
        self.ended = self._now()
