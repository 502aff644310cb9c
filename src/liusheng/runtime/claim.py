"""For how long a client that does not use its place keeps it while there are others who want one:
pure, on the caller's clock.

Whoever speaks keeps a place. Each second of audio keeps it for some time after that, so that a
speaker may pause; a sample now and then does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

FIRST_SECONDS = 3.0
"""Seconds from its beginning in which a session without audio keeps its place in any case: a client
may open its microphone only when it is told that it has one."""

HEADER_SECONDS = 10.0
"""The same where a container begins to come, whose headers are no audio, or a text in parts, whose
first ones may be no sentence."""

AUDIO_WORTH = 20.0
"""Seconds for which a second of audio keeps a place."""

LONGEST_SECONDS = 30.0
"""Seconds after its last audio in which a session keeps its place, at most."""

_WORTH_A_WAIT = 1.0
"""Seconds of audio that must have come since the last time that a client was given more time."""


class Claim:
    """A client's claim to its place: that of its connection, whatever begins on it, one after the
    other. Beginning again is free: it gives time again to whoever has used the time before.

    used: there was audio, which would be lost with the place.
    until: when it ends, if no audio comes.
    """

    def __init__(self) -> None:
        self.used = False
        self.until = 0.0
        self._began: float | None = None
        self._audio = _WORTH_A_WAIT  # seconds since it was extended

    def begin(self, now: float) -> None:
        """A session begins."""
        if self._began is None:
            self._began = now
            self.until = now + FIRST_SECONDS
        elif self._audio >= _WORTH_A_WAIT:
            self._began = now
            self.used = False
            self.extend(now, FIRST_SECONDS)

    def expect(self) -> None:
        """The beginning of a container, or of a text, came."""
        if not self.used and self._began is not None:
            self.until = max(self.until, self._began + HEADER_SECONDS)

    def audio(self, seconds: float, now: float) -> None:
        """Audio came: so many seconds of it."""
        self.used = True
        self._audio += seconds
        earned = max(self.until, now) + AUDIO_WORTH * seconds
        self.until = max(self.until, min(earned, now + LONGEST_SECONDS))

    def extend(self, now: float, seconds: float) -> None:
        """Its audio could not come until now: let it have so many seconds at least, if it had some
        audio since the last time."""
        if self._audio >= _WORTH_A_WAIT:
            self._audio = 0.0
            self.until = max(self.until, now + seconds)

    def renew(self, now: float) -> None:
        """It goes on after audio that came elsewhere."""
        self.used = True
        self.extend(now, LONGEST_SECONDS)


class Claimant(Protocol):
    """A session that has a place."""

    @property
    def claim(self) -> Claim: ...

    @property
    def waits(self) -> bool:
        """Whether it waits for its client: nothing of its audio is still to be worked on."""

    def give_way(self) -> None:
        """Leave the place to another session. What is said so far becomes text."""


C = TypeVar("C", bound=Claimant)


def gives_way(claimants: Iterable[C], now: float) -> C | None:
    """Return the session whose claim ended first, one that never had audio before all others."""
    ended = (each for each in claimants if each.waits and now >= each.claim.until)
    return min(ended, key=lambda each: (each.claim.used, each.claim.until), default=None)
