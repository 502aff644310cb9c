"""Audio at a listener's pace, for clients without flow control."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

from liusheng.runtime.synthesis.speech import Packet


class Pace:
    """Reckons what a listener has not heard yet, who plays what comes at once and without end."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = -math.inf

    def wait(self, seconds: float, most: float) -> float:
        """Seconds after which a piece of so many seconds may be sent, so that the listener has
        `most` seconds before them at most."""
        return max(0.0, self._until - self._clock() + seconds - most)

    def sent(self, seconds: float) -> None:
        """A piece was sent."""
        self._until = max(self._until, self._clock()) + seconds

    def stopped(self) -> None:
        """The listener does not play the rest."""
        self._until = -math.inf


def pieces(packet: Packet, longest: float) -> Iterator[Packet]:
    """Cut a packet into pieces of `longest` seconds at most, each but the last of whole samples."""
    samples = len(packet.audio) // 2
    count = max(1, min(samples, math.ceil(packet.seconds / longest)))
    seconds = packet.seconds / count
    marks = list(packet.marks)
    for i in range(count):
        last = i + 1 == count
        stop = None if last else 2 * (samples * (i + 1) // count)
        start = packet.start + i * seconds
        begun = [mark for mark in marks if last or mark.start < start + seconds]
        del marks[: len(begun)]
        audio = packet.audio[2 * (samples * i // count) : stop]
        yield Packet(audio, start, seconds, tuple(begun))
