"""The errors of the server and its engines: one wording for each, on every path."""

from __future__ import annotations

import logging

from liusheng.asr.capabilities import NotSupportedError
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.runtime.errors import BusyError, GaveWayError, TextStoppedError
from liusheng.runtime.failures import summary, traced
from liusheng.tts.ssml import SsmlError

_log = logging.getLogger(__name__)


def server_busy(what: str, error: BusyError) -> ProtocolError:
    """No more work is admitted. what: the work that was refused: "recognition" or "text"."""
    return ProtocolError(
        ErrorCode.SERVER_BUSY,
        f"The server cannot accept another {what} now: {error}. Try again later.",
        retry_after=error.retry_after,
    )


def server_stopping() -> ProtocolError:
    """The server is shutting down, or a reload ends the connection."""
    return ProtocolError(
        ErrorCode.SERVER_STOPPING,
        "The server is stopping or restarting, and closes this connection; connect again.",
    )


def slow_reader(seconds: float) -> ProtocolError:
    """The client does not read what it is sent. seconds: since it last read."""
    return ProtocolError(
        ErrorCode.SLOW_READER,
        f"The client has read nothing for {seconds:.0f} s, so this session is closed. Read "
        "messages as they come; connect again to continue.",
    )


def internal_error() -> ProtocolError:
    """A fault of the server, whose details are in its log."""
    return ProtocolError(
        ErrorCode.INTERNAL_ERROR,
        "An internal error of the server ended this request or session. Try again; if the error "
        "persists, report it to the operator of the server, whose log has the details.",
    )


def not_supported(error: NotSupportedError) -> ProtocolError:
    """The model in use does not support a parameter."""
    return ProtocolError(
        ErrorCode.NOT_SUPPORTED_BY_MODEL, f"{error}. Leave the parameter out, or reduce its value."
    )


def no_audio() -> ProtocolError:
    """A recognition without audio, or with little, lost its place to another client."""
    return ProtocolError(
        ErrorCode.NO_AUDIO,
        "All places are taken, and this recognition had little or no audio for a while, so its "
        "place was given to another client. Connect again, and start when there is audio.",
    )


def recognition_failed() -> ProtocolError:
    """The recogniser failed on this audio twice."""
    return ProtocolError(
        ErrorCode.RECOGNITION_FAILED,
        "The recognition failed twice on this audio, which was dropped. Start again; if the "
        "error persists, report it to the operator of the server.",
    )


def recognition_error(error: Exception) -> ProtocolError:
    """Return what a client is told of the failure of its recognition; a failure here is logged."""
    if isinstance(error, ProtocolError):
        return error
    _log.error("recognition failed: %s", summary(error))
    return recognition_failed()


def not_read() -> ProtocolError:
    """A speech gave its place away because nobody read its audio."""
    return ProtocolError(
        ErrorCode.SLOW_READER,
        "All places for synthesis are taken, and nothing of the audio of this text was read for a "
        "while, so its place was given to another client. Read audio as it comes, and send the "
        "text again.",
    )


def no_text() -> ProtocolError:
    """A speech gave its place away because its text did not go on."""
    return ProtocolError(
        ErrorCode.NO_TEXT,
        "All places for synthesis are taken, and no more of this text came for a while, so its "
        "place was given to another client. What was spoken is complete; send the rest as a new "
        "text.",
    )


def synthesis_error(error: Exception) -> ProtocolError:
    """Return what a client is told of the failure of its synthesis; a failure here is logged."""
    if isinstance(error, TextStoppedError):
        return no_text()
    if isinstance(error, GaveWayError):
        return not_read()
    if isinstance(error, BusyError):
        return server_busy("text", error)
    _log.error("synthesis failed: %s", summary(error), exc_info=traced(error))
    return synthesis_failed()


def synthesis_failed() -> ProtocolError:
    """The voice raised an error on this text, or two workers were lost on it."""
    return ProtocolError(
        ErrorCode.SYNTHESIS_FAILED,
        "The synthesis of this text failed. Send the text again; if the error persists, report the "
        "text to the operator of the server.",
    )


def storage_full(error: OSError) -> ProtocolError:
    """An upload cannot be written to disk."""
    return ProtocolError(
        ErrorCode.STORAGE_FULL,
        f"The server cannot store this file ({error.strerror or error}). Try again later, or send "
        "a smaller file; if the error persists, report it to the operator of the server.",
    )


def invalid_ssml(error: SsmlError) -> ProtocolError:
    """A text declared as SSML is not valid SSML."""
    return ProtocolError(
        ErrorCode.INVALID_FIELD, f'The field "text" is not valid or supported SSML: {error}.'
    )
