"""What the simulated cluster needs of a replica."""

from __future__ import annotations

from typing import Protocol


class SimulatedReplica(Protocol):
    """A simulated server. Sessions are known by their keys."""

    @property
    def sessions(self) -> int:
        """How many sessions it has."""

    @property
    def has_room(self) -> bool:
        """Whether it admits another session."""

    def open(self, key: int, resent: float = 0.0, shown: float = 0.0) -> None:
        """A session begins, or goes on here.

        resent: seconds of audio that its client sends again at once.
        shown: of these, those whose text was shown before.
        """

    def close(self, key: int) -> None:
        """A session has ended by itself."""

    def kill(self) -> None:
        """The replica is gone with all of its sessions."""

    def delay(self) -> tuple[float, float]:
        """Return the mean and the 95th percentile of the token delay since the last call, in
        seconds; NaN: nothing was shown."""
