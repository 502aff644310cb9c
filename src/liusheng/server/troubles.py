"""What clients are told when engines cannot: the same words on every path."""

from __future__ import annotations

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.runtime.recognition import BusyError


def no_room(what: str, error: BusyError) -> ProtocolError:
    """There is no room for another "recognition", or "text"."""
    return ProtocolError(
        ErrorCode.SERVER_BUSY,
        f"This server has no room for another {what}: {error}. Try again later.",
    )


def recognition_failed() -> ProtocolError:
    """The recogniser gave up on this audio."""
    return ProtocolError(
        ErrorCode.RECOGNITION_FAILED,
        "The server could not recognise this audio and has dropped it, after trying "
        "several times. Start again; if it goes on, tell whoever runs the server.",
    )


def synthesis_failed() -> ProtocolError:
    """The synthesiser gave up on this text."""
    return ProtocolError(
        ErrorCode.SYNTHESIS_FAILED,
        "The server could not say this text to its end. Send it again; if it goes on, "
        "tell whoever runs the server which text it is.",
    )


def server_stopping() -> ProtocolError:
    """The server is about to go."""
    return ProtocolError(
        ErrorCode.SERVER_STOPPING, "This server is being stopped; connect again in a while."
    )
