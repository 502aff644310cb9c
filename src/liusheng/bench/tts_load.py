"""Many listeners at once, for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from liusheng.bench.listener import TtsResult, listen
from liusheng.client import Client

_RETRY_AFTER = 1.0


@dataclass(frozen=True)
class TtsLoad:
    """Listeners who each have one text after another said, and hear it out in real time: the next
    one is asked for when the player has played the last.

    listeners: how many at once.
    seconds: what begins in so many seconds is measured.
    ramp: the listeners begin one after another within so many seconds before.
    """

    listeners: int
    seconds: float
    ramp: float = 5.0

    async def listen(
        self, client: Client, rate: int, text: Callable[[int], str], voice: str | None = None
    ) -> list[TtsResult]:
        """Let them listen; return what was measured.

        rate: of the server's audio, in hertz.
        text: the text of each number.
        """
        loop = asyncio.get_running_loop()
        epoch = loop.time()
        over = epoch + self.ramp + self.seconds
        measured: list[TtsResult] = []

        async def listener(place: int) -> None:
            await asyncio.sleep(self.ramp * place / self.listeners)
            number = place
            while (asked := loop.time()) < over:
                said = await listen(client, text(number), rate, voice=voice, epoch=epoch)
                if asked - epoch >= self.ramp:
                    measured.append(said)
                number += self.listeners
                if said.failure:
                    await asyncio.sleep(_RETRY_AFTER)
                    continue
                silence = sum(gap.seconds for gap in said.gaps)
                start = asked + (said.first_packet or 0.0)
                await asyncio.sleep(start + said.seconds + silence - loop.time())

        await asyncio.gather(*map(listener, range(self.listeners)))
        return measured
