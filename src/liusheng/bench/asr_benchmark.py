"""The recognition benchmark: one trial, or a search for the largest load that reaches the goal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from liusheng.bench.asr_load import AsrLoad
from liusheng.bench.asr_trial import AsrGoal, AsrTrial
from liusheng.bench.processes import ResourceMonitor
from liusheng.bench.recordings import Clip
from liusheng.bench.search import Search
from liusheng.bench.target import Target
from liusheng.client import Client, connect

_REST = 2.0
"""Seconds between two trials, in which a server finishes what is left of the last one."""


@dataclass(frozen=True)
class AsrBenchmark:
    """A measurement of recognition.

    load: with the number of streams of the first trial.
    find_max: search for the largest number of streams that reaches the goal.
    """

    load: AsrLoad
    goal: AsrGoal
    find_max: bool = False

    async def run(
        self, target: Target, clips: Sequence[Clip], on_progress: Callable[[str], None]
    ) -> tuple[list[AsrTrial], int]:
        """Measure a server; return the trials, and the largest number of streams that reached the
        goal (0: none).

        clips: at least one.
        on_progress: called with a line of text after each trial.

        Raises:
            ClientError: the server cannot be reached, or does not recognise the first recording.
        """
        search = Search(self.load.streams)
        trials: list[AsrTrial] = []
        async with connect(target.url, retry_for=0.0, resume_for=0.0) as client:
            # Fails before anything is measured, and warms the server up.
            async for _ in client.recognize(clips[0].pcm):
                pass
            while (streams := search.next) is not None and (self.find_max or not trials):
                if trials:
                    await asyncio.sleep(_REST)
                trial = await self._trial(target, client, clips, streams)
                on_progress(str(trial))
                trials.append(trial)
                search.tried(streams, trial.reached)
        return trials, search.largest

    async def _trial(
        self, target: Target, client: Client, clips: Sequence[Clip], streams: int
    ) -> AsrTrial:
        load = replace(self.load, streams=streams)
        if target.pid is None:
            return AsrTrial(streams, await load.run(client, clips), self.goal)
        monitor = ResourceMonitor(target.pid)
        async with monitor:
            results = await load.run(client, clips)
        return AsrTrial(streams, results, self.goal, monitor.usage)
