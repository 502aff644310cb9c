"""The load of many simultaneous synthesis clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from liusheng.bench.tts_client import TtsResult, synthesize_text
from liusheng.client import Client

_RETRY_AFTER = 1.0


@dataclass(frozen=True)
class TtsLoad:
    """Clients that each have one text after another synthesised and play it in real time: the next
    text is requested when the last one has been played.

    listeners: how many clients at once.
    seconds: texts that are requested within so many seconds are measured.
    ramp: seconds before the measurement in which the clients start one after another.
    """

    listeners: int
    seconds: float
    ramp: float = 5.0

    async def run(
        self, client: Client, rate: int, text: Callable[[int], str], voice: str | None = None
    ) -> list[TtsResult]:
        """Run the load; return the measured results.

        rate: the sample rate of the server's audio, in hertz.
        text: gives the text of each number.
        voice: a voice's name; None: the default voice.
        """
        loop = asyncio.get_running_loop()
        epoch = loop.time()
        over = epoch + self.ramp + self.seconds
        measured: list[TtsResult] = []

        async def listen(place: int) -> None:
            await asyncio.sleep(self.ramp * place / self.listeners)
            number = place
            while (requested := loop.time()) < over:
                result = await synthesize_text(client, text(number), rate, voice=voice, epoch=epoch)
                if requested - epoch >= self.ramp:
                    measured.append(result)
                number += self.listeners
                if result.failure:
                    await asyncio.sleep(_RETRY_AFTER)
                    continue
                silence = sum(gap.seconds for gap in result.gaps)
                start = requested + (result.first_packet or 0.0)
                await asyncio.sleep(start + result.seconds + silence - loop.time())

        await asyncio.gather(*map(listen, range(self.listeners)))
        return measured
