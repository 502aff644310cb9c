"""Which replica a new session gets: the one with the fewest of one proxy's. A pure object; time is
passed in.

Ray Serve's own choice goes by what replicas answered lately, for ten seconds. Sessions last for
minutes and come at any rate, also several at a time, so that a proxy counts its own.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R", bound=Hashable)

_UNSENT_SECONDS = 60.0
"""Seconds after which a request that was given up before it was sent is forgotten."""


@dataclass
class _Assignment(Generic[R]):
    replica: R
    since: float
    sent: bool = False


class Shares(Generic[R]):
    """The requests of a proxy that are under way, WebSockets among them, and their replicas."""

    def __init__(self) -> None:
        self._places: dict[str, _Assignment[R]] = {}

    def order(self, replicas: Sequence[R]) -> list[R]:
        """Return the replicas, those with the fewest requests first, equal ones in any order."""
        counts = Counter(place.replica for place in tuple(self._places.values()))
        return sorted(random.sample(replicas, len(replicas)), key=lambda each: counts[each])

    def place(self, request: str, replica: R, now: float) -> None:
        """A request is about to be sent to a replica; or to another one than before."""
        for other, place in tuple(self._places.items()):
            if not place.sent and now - place.since > _UNSENT_SECONDS:
                self._places.pop(other, None)
        self._places[request] = _Assignment(replica, now)

    def sent(self, request: str, replica: R, now: float) -> None:
        """A replica has taken a request."""
        self._places[request] = _Assignment(replica, now, sent=True)

    def ended(self, request: str) -> None:
        """A request is over."""
        self._places.pop(request, None)
