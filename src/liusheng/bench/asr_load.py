"""Many speakers at once, for a while."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from liusheng.bench.speaker import AsrResult, Clip, speak
from liusheng.client import Client

_PATIENCE = 120.0
"""Seconds after the end of a recording in which its final comes, or it is lost."""
_GOODBYE = 10.0
_RETRY_AFTER = 1.0
"""Seconds until a speaker who was turned away tries again."""


@dataclass(frozen=True)
class AsrLoad:
    """Speakers who say recordings one after another, each on a connection of its own.

    streams: how many speak at once.
    seconds: what begins in so many seconds is measured, and in any case the first recording that
        each speaker begins after the ramp: a recording may be longer than `seconds`. The others go
        on speaking until the last measured recording has its final, so that all that is measured
        was under the full load.
    ramp: the speakers begin one after another within so many seconds before.
    pause: seconds of silence that a speaker sends before each recording.
    lang: what the server is told; None: the language of each recording.
    """

    streams: int
    seconds: float
    ramp: float = 5.0
    pause: float = 0.0
    lang: str | None = None

    async def speak(
        self,
        client: Client,
        clips: Sequence[Clip],
        on_take: Callable[[AsrResult], None] = lambda take: None,
    ) -> list[AsrResult]:
        """Let them speak; return what was measured. on_take: told of each as it ends."""
        run = _Run(self, client, clips, on_take)
        speakers = [asyncio.create_task(run.speaker(place)) for place in range(self.streams)]
        over = asyncio.create_task(run.over())
        try:
            # A speaker ends early only with an error of our own, which is raised here.
            await asyncio.wait({over, *speakers}, return_when=asyncio.FIRST_COMPLETED)
            for speaker in speakers:
                if speaker.done():
                    speaker.result()
        finally:
            for task in (over, *speakers):
                task.cancel()
            await asyncio.gather(over, *speakers, return_exceptions=True)
        return run.takes


class _Run:
    def __init__(
        self,
        crowd: AsrLoad,
        client: Client,
        clips: Sequence[Clip],
        on_take: Callable[[AsrResult], None],
    ) -> None:
        self._crowd = crowd
        self._client = client
        self._clips = clips
        self._on_take = on_take
        self._now = asyncio.get_running_loop().time
        self._epoch = self._now()
        # Recordings under way that count, and speakers whose first that counts is yet to come.
        self._measuring = 0
        self._expected = crowd.streams
        self._changed = asyncio.Event()
        self.takes: list[AsrResult] = []

    async def speaker(self, place: int) -> None:
        """Speak until cancelled; each speaker begins elsewhere in the list."""
        crowd = self._crowd
        await asyncio.sleep(crowd.ramp * place / crowd.streams)
        first = place * len(self._clips) // crowd.streams
        order = [*self._clips[first:], *self._clips[:first]]
        expected = True
        for clip in itertools.cycle(order):
            since = self._now() - self._epoch - crowd.ramp
            measured = since >= 0 and (expected or since < crowd.seconds)
            self._measuring += measured
            if measured and expected:
                expected = False
                self._expected -= 1
            take = await self._take(clip)
            self._measuring -= measured
            self._changed.set()
            if measured:
                self.takes.append(take)
                self._on_take(take)
            if take.failure:
                await asyncio.sleep(_RETRY_AFTER)

    async def _take(self, clip: Clip) -> AsrResult:
        crowd = self._crowd
        began = self._now() - self._epoch
        speaking = asyncio.ensure_future(
            speak(
                self._client,
                clip,
                crowd.lang or clip.recording.lang,
                pause=crowd.pause,
                epoch=self._epoch,
            )
        )
        seconds = crowd.pause + clip.seconds
        try:
            await asyncio.wait({speaking}, timeout=seconds + _PATIENCE)
        finally:
            if not speaking.done():
                speaking.cancel()
                await asyncio.wait({speaking}, timeout=_GOODBYE)  # its socket is closed
        if speaking.cancelled() or not speaking.done():
            return AsrResult(clip.recording, began, seconds, failure="no_final")
        return speaking.result()

    async def over(self) -> None:
        """Return when everything that was to be measured is."""
        crowd = self._crowd
        await asyncio.sleep(self._epoch + crowd.ramp + crowd.seconds - self._now())
        while self._measuring or self._expected:
            self._changed.clear()
            await self._changed.wait()
