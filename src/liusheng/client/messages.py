"""The replies of a server, as the client's users see them.

They are read forgivingly, unlike `liusheng.protocol.asr` and `tts`: fields that original servers do
not send have defaults.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from liusheng.client.errors import ServerError
from liusheng.protocol import asr
from liusheng.protocol.quoting import quoted
from liusheng.protocol.tts import Mark

_T = TypeVar("_T")

_MAX_QUOTED = 200


class Word(Struct, frozen=True):
    """A word of the final text (a character of Chinese) and its time in the audio, in seconds."""

    text: str = field(name="w")
    start: float = field(name="bg")
    end: float = field(name="ed")


class Partial(Struct, frozen=True):
    """The text so far.

    stable: the prefix of `text` that will not change.
    utterance: number of the open utterance.
    is_final: `text` will only grow; with "utterance" partials, this utterance will not change.
    words: the words of utterances that have ended since the last one.
    heard: seconds of the audio that `text` covers; None: not known.
    final_until: seconds of the audio whose text is final; None: not known.
    """

    text: str = field(name="result")
    stable: str = ""
    utterance: int = 0
    is_final: bool = False
    words: tuple[Word, ...] = field(name="times", default=())
    heard: float | None = None
    final_until: float | None = None


class Alternative(Struct, frozen=True):
    """An alternative of the whole text. score: higher is likelier."""

    text: str = field(name="result")
    score: float


class Final(Struct, frozen=True):
    """The whole text, its words, and the requested alternatives."""

    text: str = field(name="result")
    words: tuple[Word, ...] = field(name="times", default=())
    name: str = ""
    alternatives: tuple[Alternative, ...] = field(name="nbest", default=())


class Skipped(Struct, frozen=True):
    """A part of a text that was not read.

    span: offsets of its first character in the text and of the one after its last.
    reason: "no_voice_for_script", "no_reading", "code", "emoji" or "symbol" (docs/text.md).
    """

    text: str
    span: tuple[int, int]
    reason: str


class Annotations(Struct, frozen=True):
    """What a packet of audio tells of the text: marks, and in the last packet what was not read."""

    marks: tuple[Mark, ...] = ()
    skipped: tuple[Skipped, ...] = ()


class ResumeOffer(Struct, frozen=True):
    """What resumes a recognition whose connection broke, for so many seconds.

    keep_from, finals: see `liusheng.protocol.asr.ResumeOffer`; keep_from is None if only the server
        that has the recognition can resume it.
    """

    token: str
    seconds: float = 0.0
    keep_from: int | None = None
    finals: tuple[str, ...] = ()


class AsrReady(Struct, frozen=True):
    """The server's reply to the start of a recognition.

    resume: None if the server keeps no recognition whose connection breaks.
    """

    session: str = ""
    model: str = ""
    sample_rate: int = asr.SAMPLE_RATE
    resume: ResumeOffer | None = None


class Resumed(Struct, frozen=True):
    """Where a recognition stands that was resumed; see `liusheng.protocol.asr.Resumed`."""

    received: int
    ended: bool = False
    replies: tuple[Partial, ...] = ()


class TtsReady(Struct, frozen=True):
    """The server's reply to the start of a synthesis.

    fields: of a text that the server supports; empty for an original server.
    """

    session: str = ""
    fields: tuple[str, ...] = ()


def read(message: dict[str, Any], kind: type[_T]) -> _T:
    """Return a message of the server as `kind`.

    Raises:
        ServerError: unexpected_reply.
    """
    try:
        return msgspec.convert({k: v for k, v in message.items() if v is not None}, kind)
    except msgspec.ValidationError as error:
        raise unexpected(f"The server's reply is invalid ({error})", message) from None


def check(message: dict[str, Any]) -> None:
    """Raise `ServerError` if a message is an error, of this server or an original one."""
    if message.get("status") in ("error", -1) or "code" in message:
        text = message.get("detail") or message.get("message") or "The server gave no reason."
        after = seconds(message.get("retry_after"))
        raise ServerError(str(message.get("code", "refused")), str(text), retry_after=after)


def seconds(value: object) -> float | None:
    """Return what a server says as seconds to wait; None if it is no such number."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return found if 0 <= found < float("inf") else None


class _PaddleSpeechMessage(Struct):
    description: str


class _PaddleSpeechFailure(Struct):
    error: str
    message: _PaddleSpeechMessage


def error_of_response(body: bytes, retry_after: float | None) -> ServerError | None:
    """Return the error in the body of an HTTP response; None if it has none of this server's.

    retry_after: of its header.
    """
    try:
        failure = msgspec.json.decode(body, type=_PaddleSpeechFailure)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return ServerError(failure.error, failure.message.description, retry_after=retry_after)


def unexpected(problem: str, message: object) -> ServerError:
    """Return the error for a message that does not follow the protocol."""
    return ServerError("unexpected_reply", f"{problem}: {quoted(message, _MAX_QUOTED)}")
