"""Content negotiation: the media type that a client prefers (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.quoting import quoted


def preferred(accept: str, offered: Sequence[str]) -> str:
    """Return the offered media type that `accept`, the value of the header, prefers.

    offered: the first of equally preferred ones is returned; the first of all without a header.

    Raises:
        ProtocolError: not_acceptable.
    """
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    if not ranges:
        return offered[0]
    chosen = max(offered, key=lambda media: _quality(media, ranges))  # the first of equals
    if not _quality(chosen, ranges):
        raise ProtocolError(
            ErrorCode.NOT_ACCEPTABLE,
            f'This path does not serve "Accept: {quoted(accept)[1:-1]}"; send one of '
            f"{', '.join(offered)}.",
        )
    return chosen


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
    """Return the quality value of a media type: that of the most specific range that has it."""
    for pattern in (media, f"{media.partition('/')[0]}/*", "*/*"):
        for name, quality in ranges:
            if name == pattern:
                return quality
    return 0.0
