"""What clients are told when engines cannot: the same words on every path."""

from __future__ import annotations

from liusheng.asr.capabilities import NotSupportedError
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.runtime.recognition.service import BusyError
from liusheng.tts.ssml import SsmlError


def no_room(what: str, error: BusyError) -> ProtocolError:
    """There is no room for another "recognition", or "text"."""
    return ProtocolError(
        ErrorCode.SERVER_BUSY,
        f"This server has no room for another {what}: {error}. Try again later.",
    )


def not_supported(error: NotSupportedError) -> ProtocolError:
    """The model in use cannot do what was asked."""
    return ProtocolError(
        ErrorCode.NOT_SUPPORTED_BY_MODEL, f"{error}. Leave that out, or ask for less of it."
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


def not_ssml(error: SsmlError) -> ProtocolError:
    """The text was said to be SSML."""
    return ProtocolError(
        ErrorCode.INVALID_FIELD, f'The field "text" is not SSML that can be said: {error}.'
    )


def server_stopping() -> ProtocolError:
    """The server is about to go."""
    return ProtocolError(
        ErrorCode.SERVER_STOPPING, "This server is being stopped; connect again in a while."
    )
