"""The load of many simultaneous recognition clients."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from liusheng.bench.asr_client import AsrResult, recognize_clip
from liusheng.bench.recordings import Clip
from liusheng.client import Client

_FINAL_TIMEOUT = 120.0
"""Seconds after the end of a recording until it counts as lost."""
_CLOSE_TIMEOUT = 10.0
_RETRY_AFTER = 1.0
"""Seconds until a client whose recognition failed starts the next one."""


@dataclass(frozen=True)
class AsrLoad:
    """Clients that stream recordings in real time, one after another, each on its own connection.

    streams: how many clients at once.
    seconds: recordings that start within so many seconds are measured, and in any case the first
        one that each client starts after the ramp: a recording may be longer than `seconds`.
        Clients go on streaming until the last measured recording has its final, so that all of
        them are measured under the full load.
    ramp: seconds before the measurement in which the clients start one after another.
    pause: seconds of silence that a client sends before each recording.
    lang: the language to request; None: that of each recording.
    """

    streams: int
    seconds: float
    ramp: float = 5.0
    pause: float = 0.0
    lang: str | None = None

    async def run(
        self,
        client: Client,
        clips: Sequence[Clip],
        on_result: Callable[[AsrResult], None] = lambda result: None,
    ) -> list[AsrResult]:
        """Run the load; return the measured results. on_result: called with each as it ends."""
        run = _LoadRun(self, client, clips, on_result)
        streams = [asyncio.create_task(run.stream(number)) for number in range(self.streams)]
        over = asyncio.create_task(run.over())
        try:
            # A stream ends early only with an error of our own, which is raised here.
            await asyncio.wait({over, *streams}, return_when=asyncio.FIRST_COMPLETED)
            for stream in streams:
                if stream.done():
                    stream.result()
        finally:
            for task in (over, *streams):
                task.cancel()
            await asyncio.gather(over, *streams, return_exceptions=True)
        return run.results


class _LoadRun:
    def __init__(
        self,
        load: AsrLoad,
        client: Client,
        clips: Sequence[Clip],
        on_result: Callable[[AsrResult], None],
    ) -> None:
        self._load = load
        self._client = client
        self._clips = clips
        self._on_result = on_result
        self._now = asyncio.get_running_loop().time
        self._epoch = self._now()
        # Measured recordings in progress, and streams whose first measured one is yet to start.
        self._measuring = 0
        self._expected = load.streams
        self._changed = asyncio.Event()
        self.results: list[AsrResult] = []

    async def stream(self, number: int) -> None:
        """Stream recordings until cancelled; each stream starts at another place in the list."""
        load = self._load
        await asyncio.sleep(load.ramp * number / load.streams)
        first = number * len(self._clips) // load.streams
        expected = True
        for clip in itertools.cycle([*self._clips[first:], *self._clips[:first]]):
            since = self._now() - self._epoch - load.ramp
            measured = since >= 0 and (expected or since < load.seconds)
            self._measuring += measured
            if measured and expected:
                expected = False
                self._expected -= 1
            result = await self._recognize(clip)
            self._measuring -= measured
            self._changed.set()
            if measured:
                self.results.append(result)
                self._on_result(result)
            if result.failure:
                await asyncio.sleep(_RETRY_AFTER)

    async def _recognize(self, clip: Clip) -> AsrResult:
        load = self._load
        began = self._now() - self._epoch
        lang = load.lang or clip.recording.lang
        recognition = asyncio.ensure_future(
            recognize_clip(self._client, clip, lang, pause=load.pause, epoch=self._epoch)
        )
        seconds = load.pause + clip.seconds
        try:
            await asyncio.wait({recognition}, timeout=seconds + _FINAL_TIMEOUT)
        finally:
            if not recognition.done():
                recognition.cancel()  # which closes its connection
                await asyncio.wait({recognition}, timeout=_CLOSE_TIMEOUT)
        if recognition.cancelled() or not recognition.done():
            return AsrResult(clip.recording, began, seconds, failure="no_final")
        return recognition.result()

    async def over(self) -> None:
        """Return when all measured recordings have ended."""
        load = self._load
        await asyncio.sleep(self._epoch + load.ramp + load.seconds - self._now())
        while self._measuring or self._expected:
            self._changed.clear()
            await self._changed.wait()
