"""Slows clients that present wrong keys.

A right key is never delayed, so nobody can lock out others who share an address. Keys cannot be
guessed anyway (256 bits): this bounds the log and the work that wrong ones cause.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

BURST = 5
"""Wrong keys of an address that are answered at once."""

REFILL_SECONDS = 10.0
"""Seconds after which an address may present one more."""

DELAY_SECONDS = 1.0
"""Seconds that the answer to each further one takes."""

MAX_DELAYED = 64
"""Answers that are delayed at the same time; more are given at once, as status 429."""

MAX_ADDRESSES = 1024
"""Addresses that are remembered; the one seen longest ago is forgotten first."""


class WrongKeys:
    """Counts wrong keys for each address.

    now: seconds of a monotonic clock, in every method.
    """

    def __init__(self) -> None:
        self._credit: OrderedDict[str, tuple[float, float]] = OrderedDict()  # left, at
        self._delayed = 0

    def presented(self, address: str, now: float) -> bool:
        """Note a wrong key; return whether the address is within its burst."""
        left, at = self._credit.pop(address, (float(BURST), now))
        left = min(float(BURST), left + (now - at) / REFILL_SECONDS)
        within = left >= 1
        self._credit[address] = (left - 1 if within else left, now)
        while len(self._credit) > MAX_ADDRESSES:
            self._credit.popitem(last=False)
        return within

    async def delay(self) -> bool:
        """Wait before an answer; return whether it was delayed: False if too many wait already."""
        if self._delayed >= MAX_DELAYED:
            return False
        self._delayed += 1
        try:
            await asyncio.sleep(DELAY_SECONDS)
        finally:
            self._delayed -= 1
        return True
