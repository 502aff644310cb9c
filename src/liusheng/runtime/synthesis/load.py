"""What speeches cost, and whether one more would make those under way run out of audio: a pure
object on the caller's clock."""

from __future__ import annotations

from collections.abc import Iterable

from liusheng.runtime.load import FadingSum, Slowdown

_FADING = 0.98
_USABLE = 0.85
"""Share of the workers' time that listeners may need together: steps are not even."""
_LEAST_AUDIO = 1.0
"""Seconds of audio without which nothing is known of a voice."""
_MISS_MEMORY = 5.0
_MOST_MISSES = 0.1
_FEW = 5.0


class SpeechLoad:
    """The load of a pool of synthesis workers.

    blocks, misses: of audio that speeches under way got, and those that came after their listener
        had run out.
    """

    def __init__(self) -> None:
        self.blocks = 0
        self.misses = 0
        self._busy: dict[str, float] = {}
        self._audio: dict[str, float] = {}
        self._recent_blocks = FadingSum(_MISS_MEMORY)
        self._recent_misses = FadingSum(_MISS_MEMORY)
        self._slowdown = Slowdown()

    def step_done(self, voice: str, passed: float, busy: float, seconds: float, now: float) -> None:
        """A worker took a step of a speech.

        passed: seconds on the clock.
        busy: seconds that the worker was busy with it.
        seconds: of audio that it made.
        """
        self.tested(voice, busy, seconds)
        self._slowdown.measured(passed, busy, now)

    def tested(self, voice: str, busy: float, seconds: float) -> None:
        """A worker was busy for so long with so many seconds of audio, in a test."""
        self._busy[voice] = _FADING * self._busy.get(voice, 0.0) + busy
        self._audio[voice] = _FADING * self._audio.get(voice, 0.0) + seconds

    def encoded(self, voice: str, busy: float) -> None:
        """An encoder was busy for so long with audio that was counted when it was made."""
        if voice in self._busy:
            self._busy[voice] += busy

    def delivered(self, *, late: bool, now: float) -> None:
        """A speech under way got its next block. late: its listener had run out of audio."""
        self.blocks += 1
        self.misses += late
        self._recent_blocks.add(1.0, now)
        self._recent_misses.add(float(late), now)

    def real_time_factor(self, voice: str) -> float:
        """Return how long a worker is busy with a second of audio; 0 while nothing is known.

        A voice that has not spoken yet is taken to cost what the others do.
        """
        if self._audio.get(voice, 0.0) >= _LEAST_AUDIO:
            return self._busy[voice] / self._audio[voice]
        audio = sum(self._audio.values())
        return sum(self._busy.values()) / audio if audio >= _LEAST_AUDIO else 0.0

    def demand(self, voices: Iterable[str], now: float) -> float:
        """Return how many workers speeches in these voices keep busy."""
        return self._slowdown.factor(now) * sum(self.real_time_factor(voice) for voice in voices)

    def listeners(self, voice: str, workers: float) -> int:
        """Return to how many listeners of a voice so many workers can speak at once."""
        factor = self.real_time_factor(voice)
        return int(_USABLE * workers / factor) if factor else 0

    def has_room(self, voices: Iterable[str], workers: float, now: float) -> bool:
        """Return whether speeches in these voices would all stay ahead of their listeners."""
        return self.demand(voices, now) <= _USABLE * workers

    def stutters(self, now: float) -> bool:
        """Return whether many of the listeners have run out of audio lately."""
        blocks = self._recent_blocks.at(now)
        return blocks >= _FEW and self._recent_misses.at(now) > _MOST_MISSES * blocks
