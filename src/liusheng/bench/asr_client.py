"""One client of live recognition: streams a recording in real time and times the replies."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from liusheng.asr.text.pieces import stands_alone
from liusheng.asr.types import SAMPLE_RATE
from liusheng.bench.recordings import Clip, Recording
from liusheng.bench.token_delay import first_shown, visible_tokens
from liusheng.client import Client, ClientError, Final, Word

PACKET_SECONDS = 0.085
"""The packet length of the original server's reference client."""
_PACKET_BYTES = round(SAMPLE_RATE * PACKET_SECONDS) * 2


@dataclass(frozen=True)
class AsrResult:
    """The result of streaming one recording. Times are in seconds.

    began: from the start of the measurement.
    seconds: of audio that was sent.
    text: the final; "" when it failed.
    delays: for each token of the final text, when it was first shown less when it was spoken.
    final_latency: from the signal `end` to the final; None when it failed.
    lags: for each chunk that the model decodes, when the first reply that covers it came, less when
        the packet left that completed it; empty where the server does not report its progress.
    lateness: the largest delay of a packet over its schedule, which the load generator, or a server
        that does not read, adds to every figure.
    failure: code of the error that ended it; "" without one.
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


async def recognize_clip(
    client: Client, clip: Clip, lang: str, *, pause: float = 0.0, epoch: float = 0.0
) -> AsrResult:
    """Stream a recording in real time, after `pause` seconds of silence; return the result.

    lang: the language to request.
    epoch: the start of the measurement, on the event loop's clock.
    """
    now = asyncio.get_running_loop().time
    packets = _PacedPackets(bytes(2 * round(pause * SAMPLE_RATE)) + clip.pcm, now)
    began = now() - epoch
    shown: list[tuple[float, str]] = []
    progress: list[tuple[float, float]] = []
    recognition = client.recognize(packets, lang=lang, name=clip.recording.id)
    try:
        async for update in recognition:
            at = now()
            if isinstance(update, Final):
                final = update
                break
            if not shown or shown[-1][1] != update.text:
                shown.append((at - packets.started, update.text))
            if update.heard is not None and (not progress or progress[-1][1] < update.heard):
                progress.append((at, update.heard))
        else:
            return AsrResult(clip.recording, began, packets.seconds, failure="no_final")
        # Closes the connection without waiting for what the server does after its final.
        await recognition.aclose()
    except ClientError as error:
        return AsrResult(clip.recording, began, packets.seconds, failure=error.code)
    ready = recognition.ready
    return AsrResult(
        clip.recording,
        began,
        packets.seconds,
        text=final.text,
        model=ready.model if ready else "",
        delays=tuple(token_delays(final.words, shown, at - packets.started)),
        final_latency=at - packets.ended,
        lags=tuple(chunk_lags(progress, packets.sent)),
        lateness=packets.lateness,
    )


def token_delays(
    words: Sequence[Word], shown: Iterable[tuple[float, str]], final_at: float
) -> list[float]:
    """For each token of a final text, when it was first shown less when it was spoken.

    words: of the final, with their times; all tokens of a word count as spoken at its end.
    shown: times, and the partial texts shown from then on.
    final_at: when the final came. All times are seconds from the start of the audio.
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


def chunk_lags(progress: Sequence[tuple[float, float]], sent: Sequence[float]) -> list[float]:
    """For each chunk, when the first reply that covers it came, less when the packet left that
    completed it.

    progress: times of the replies that cover more audio than those before, and how many seconds of
        audio each covers.
    sent: when each packet left.
    """
    steps = [after - before for (_, before), (_, after) in pairwise(progress)]
    if not steps:
        return []
    # A late turn takes several chunks at once; each of them was late.
    chunk = median(steps)
    lags = []
    for (_, before), (at, covered) in pairwise(progress):
        count = max(1, round((covered - before) / chunk))
        for n in range(count):
            completed = covered - n * chunk
            packet = min(math.ceil(completed / PACKET_SECONDS - 1e-6), len(sent)) - 1
            lags.append(at - sent[packet])
    return lags


class _PacedPackets:
    """The packets of a recording, each yielded when its audio would have been spoken.

    started, ended: on the clock `now`, when the audio started and when the last packet left.
    sent: when each packet left.
    seconds: of audio that was sent.
    lateness: the largest delay of a packet over its schedule, in seconds.
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
            due = self.started + (at + len(packet)) / (2 * SAMPLE_RATE)
            await asyncio.sleep(due - self._now())
            self.lateness = max(self.lateness, self._now() - due)
            self.seconds = (at + len(packet)) / (2 * SAMPLE_RATE)
            self.sent.append(self._now())
            yield packet
        self.ended = self._now()
