"""The load of a soak: clients that each hold one session after another."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from liusheng.bench.soak.material import Material
from liusheng.bench.soak.sessions import RECOGNITION, SYNTHESIS, SessionOutcome, SoakTask, Work

_CLIENTS = {
    Work.LIVE: 2,
    Work.RESUMED: 1,
    Work.LONG: 2,
    Work.UPLOAD: 1,
    Work.HTTP: 1,
    Work.STREAMED: 1,
    Work.PARTS: 1,
}
"""The clients of a moderate load: two cores with the default models serve several times as many."""
_RETRY_SECONDS = 1.0
"""Until a client whose session failed begins the next one."""

Hold = Callable[[SoakTask], Awaitable[SessionOutcome]]


def tasks(material: Material, work: Work) -> list[SoakTask]:
    """All tasks of a kind."""
    if work in SYNTHESIS:
        return [SoakTask(work, name) for name in material.texts]
    clips = material.long if work is Work.LONG else material.short
    return [SoakTask(work, clip.recording.id) for clip in clips]


@dataclass(frozen=True)
class SoakLoad:
    """Clients of all kinds of work.

    multiple: of the moderate load.
    asr, tts: which tasks the server has.
    seed: of the order in which each client goes through its tasks.
    """

    material: Material
    multiple: int
    asr: bool
    tts: bool
    seed: int

    @property
    def works(self) -> list[Work]:
        """The kinds of work that the server can do."""
        return [*(RECOGNITION if self.asr else ()), *(SYNTHESIS if self.tts else ())]

    @property
    def clients(self) -> int:
        """How many clients there are at once."""
        return sum(self.multiple * _CLIENTS[work] for work in self.works)

    async def run(
        self, hold: Hold, over: Callable[[], bool], on_outcome: Callable[[SessionOutcome], None]
    ) -> None:
        """Hold sessions until `over` returns true; those that are under way then are finished.

        on_outcome: called with each outcome as a session ends.
        """

        async def client(work: Work, number: int) -> None:
            for task in self._order(work, number):
                if over():
                    return
                outcome = await hold(task)
                on_outcome(outcome)
                await asyncio.sleep(self._pause(outcome))

        numbers = itertools.count()
        clients = [
            asyncio.create_task(client(work, next(numbers)))
            for work in self.works
            for _ in range(self.multiple * _CLIENTS[work])
        ]
        try:
            await asyncio.gather(*clients)
        finally:
            for each in clients:
                each.cancel()
            await asyncio.gather(*clients, return_exceptions=True)

    def _order(self, work: Work, number: int) -> Iterator[SoakTask]:
        """Yield tasks without end: each once in every round, in an order of the client's own."""
        chance = random.Random(f"client {self.seed} {number}")
        every: Sequence[SoakTask] = tasks(self.material, work)
        while every:
            yield from chance.sample(every, len(every))

    def _pause(self, outcome: SessionOutcome) -> float:
        """Return the seconds until the client's next session: audio that came as fast as it was
        made is listened to, and whoever uploads does not do so without a pause."""
        if outcome.failure:
            return _RETRY_SECONDS
        if outcome.task.work in (*SYNTHESIS, Work.UPLOAD):
            return max(0.0, outcome.seconds - outcome.took)
        return 0.0
