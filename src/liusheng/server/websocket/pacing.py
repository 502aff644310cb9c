"""Audio at the rate of its playback, for clients without flow control."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

from liusheng.runtime.synthesis.speech import Packet


class PlaybackClock:
    """Estimates how much audio a client has not played yet, if it plays without gaps what it
    receives.

    clock: returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._played_at = -math.inf  # when the client has played everything

    def delay(self, seconds: float, max_ahead: float) -> float:
        """Return the seconds to wait before a packet of so many seconds may be sent, so that the
        client has at most `max_ahead` seconds of audio after it."""
        return max(0.0, self._played_at - self._clock() + seconds - max_ahead)

    def sent(self, seconds: float) -> None:
        """A packet of so many seconds was sent."""
        self._played_at = max(self._played_at, self._clock()) + seconds

    def reset(self) -> None:
        """The client stopped playing: it has no audio left."""
        self._played_at = -math.inf


def split_packet(packet: Packet, max_seconds: float) -> Iterator[Packet]:
    """Yield parts of a packet of at most `max_seconds`, each of whole samples but the last."""
    samples = len(packet.audio) // 2
    count = max(1, min(samples, math.ceil(packet.seconds / max_seconds)))
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
