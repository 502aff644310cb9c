"""Content negotiation: the media type that a client likes best (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import quoted


def best(accept: str, offered: Sequence[str]) -> str:
    """Return the media type among those offered that `accept`, a header's value, likes best.

    offered: the first is what a client gets that likes all the same, or says nothing.

    Raises:
        ProtocolError: not_acceptable.
    """
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    if not ranges:
        return offered[0]
    # Python's sort is stable: among equals, what is offered first wins.
    liked = sorted(offered, key=lambda media: -_quality(media, ranges))[0]
    if not _quality(liked, ranges):
        raise ProtocolError(
            ErrorCode.NOT_ACCEPTABLE,
            f'"Accept: {quoted(accept)[1:-1]}" is not served here; ask for one of '
            f"{', '.join(offered)}.",
        )
    return liked


def _range(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media, float(value)
            except ValueError:
                return media, 0.0
    return media, 1.0


def _quality(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Return how much a media type is liked, by the most specific range that covers it."""
    for pattern in (media, f"{media.partition('/')[0]}/*", "*/*"):
        for name, quality in ranges:
            if name == pattern:
                return quality
    return 0.0
