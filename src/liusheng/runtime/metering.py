"""Where the services report what they do for one request: to whoever observes it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol


class Meter(Protocol):
    """Takes what is measured of one request. Nothing of what the client sent is in it."""

    def audio_received(self, seconds: float) -> None:
        """Audio came in for recognition."""

    def audio_made(self, seconds: float) -> None:
        """Audio was synthesised."""

    def span(self, name: str, seconds: float, **attributes: float | str) -> None:
        """A step ends now, and took so long."""


class _NoMeter:
    def audio_received(self, seconds: float) -> None:
        pass

    def audio_made(self, seconds: float) -> None:
        pass

    def span(self, name: str, seconds: float, **attributes: float | str) -> None:
        pass


current_meter: ContextVar[Meter] = ContextVar("current_meter", default=_NoMeter())  # noqa: B039
"""Of the request that is served in this context, which tasks inherit."""
