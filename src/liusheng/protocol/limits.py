"""The limits of audio and texts, and the errors of what is over them: one wording for each limit,
on every path."""

from __future__ import annotations

import sys

from liusheng.protocol import asr
from liusheng.protocol.errors import ErrorCode, ProtocolError


def audio_room(start: asr.Start, seconds: float, max_seconds: float) -> int:
    """Return for how many bytes of raw samples a recognition has room.

    At its limit it has whole samples of all channels, so that another one can go on from there. A
    container, of which nobody knows yet how much audio it is, has room for all.

    start: its parameters.
    seconds: of audio that it has.
    max_seconds: that it may have; 0: no limit.
    """
    if not (max_seconds and start.frame_bytes):
        return sys.maxsize
    most = max(1, round(max_seconds * start.rate)) * start.frame_bytes
    return most - round(seconds * start.bytes_per_second)


def session_too_long(max_seconds: float, advice: str) -> ProtocolError:
    """More audio than one recognition may have.

    max_seconds: the limit, in seconds of audio.
    advice: what the client can do on its path, as a sentence.
    """
    return ProtocolError(
        ErrorCode.SESSION_TOO_LONG,
        f"The audio is over the limit of {max_seconds:g} s for one recognition; this part of it "
        f"was not used. {advice}",
    )


def packet_too_large(size: int, max_bytes: int) -> ProtocolError:
    """A packet of audio of `size` bytes."""
    return ProtocolError(
        ErrorCode.PACKET_TOO_LARGE,
        f"A packet of {size:,} bytes is over the limit of {max_bytes:,}; it was not used. "
        "Send smaller packets.",
    )


def message_too_large(what: str, limit: int, unit: str) -> ProtocolError:
    """A message that is not read.

    what: names it, as the start of a sentence.
    unit: of the limit, such as "bytes".
    """
    return ProtocolError(
        ErrorCode.MESSAGE_TOO_LARGE,
        f"{what} is over the limit of {limit:,} {unit}; send less at a time.",
    )


def text_too_long(chars: int, max_chars: int) -> ProtocolError:
    """A text of `chars` characters."""
    return ProtocolError(
        ErrorCode.TEXT_TOO_LONG,
        f"A text of {chars:,} characters is over the limit of {max_chars:,}; "
        "send it as several texts, split between sentences.",
    )
