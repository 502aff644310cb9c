"""What a client gets, typed. Fields that the original server does not send have defaults."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from liusheng.client.errors import ServerError

_T = TypeVar("_T")


class Word(Struct, frozen=True):
    """A word of the final text (a character of Chinese) and its place in the audio, in seconds."""

    text: str = field(name="w")
    start: float = field(name="bg")
    end: float = field(name="ed")


class Partial(Struct, frozen=True):
    """The text so far.

    stable: the prefix of `text` that will not change.
    utterance: number of the utterance that is open.
    is_final: `text` will only grow; with "utterance" partials, this utterance will not change.
    words: where its words are, at the end of an utterance.
    heard: seconds of the audio that `text` tells of; None: the server does not say.
    """

    text: str = field(name="result")
    stable: str = ""
    utterance: int = 0
    is_final: bool = False
    words: tuple[Word, ...] = field(name="times", default=())
    heard: float | None = None


class Alternative(Struct, frozen=True):
    """What else the text could be. score: higher is likelier."""

    text: str = field(name="result")
    score: float


class Final(Struct, frozen=True):
    """The whole text, where in the audio its words are, and the alternatives asked for."""

    text: str = field(name="result")
    words: tuple[Word, ...] = field(name="times", default=())
    name: str = ""
    alternatives: tuple[Alternative, ...] = field(name="nbest", default=())


class Mark(Struct, frozen=True):
    """When a part of a text is said.

    span: its first character and the one after its last, in its text.
    start, end: seconds from the beginning of the text's audio.
    """

    span: tuple[int, int]
    text: str
    start: float
    end: float


class Marks(Struct, frozen=True):
    """Those of one packet."""

    marks: tuple[Mark, ...] = ()


class AsrReady(Struct, frozen=True):
    """The server's answer to the start of a recognition."""

    session: str = ""
    model: str = ""
    sample_rate: int = 16_000


class TtsReady(Struct, frozen=True):
    """The server's answer to the start of a synthesis.

    fields: of a text that the server understands; an original server does not say.
    """

    session: str = ""
    fields: tuple[str, ...] = ()


def read(message: dict[str, Any], kind: type[_T]) -> _T:
    """Return a message of the server as `kind`.

    Raises:
        ServerError: when it is not one.
    """
    try:
        return msgspec.convert({k: v for k, v in message.items() if v is not None}, kind)
    except msgspec.ValidationError as error:
        raise ServerError(
            "unexpected_reply", f"The server's answer cannot be read ({error}): {quoted(message)}"
        ) from None


def check(message: dict[str, Any]) -> None:
    """Raise `ServerError` if a message tells of an error, ours or the original's way."""
    if message.get("status") in ("error", -1) or "code" in message:
        text = message.get("detail") or message.get("message") or "The server gave no reason."
        raise ServerError(str(message.get("code", "refused")), str(text))


def quoted(message: object) -> str:
    """Return a message for an error, cut to a readable length."""
    text = msgspec.json.encode(message).decode()
    return text if len(text) <= 200 else text[:199] + "…"
