"""The messages of Twilio's Media Streams, and those of a bot beside them.

A bot has the WebSocket of Twilio, and one to this server. It passes the messages of both on, and
sends and receives a few more: `speak` and `clear`, `transcript` and `error`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from liusheng.protocol.asr import (
    MAX_ENDPOINT_MS,
    MAX_HOTWORD_CHARS,
    MAX_HOTWORDS,
    MIN_ENDPOINT_MS,
)
from liusheng.protocol.errors import ErrorCode
from liusheng.protocol.tts import MAX_SPEED, MIN_SPEED

RATE: Literal[8_000] = 8_000
"""Hertz, mu-law, mono: the only format of Media Streams."""

# From Twilio


class MediaFormat(Struct, frozen=True, kw_only=True):
    """The format of the audio."""

    encoding: Literal["audio/x-mulaw"] = "audio/x-mulaw"
    sampleRate: Literal[8000] = 8_000  # noqa: N815  (Twilio's name, as are those below)
    channels: Literal[1] = 1


class Parameters(Struct, frozen=True, kw_only=True, rename="camel"):
    """What this server reads of the `<Parameter>` elements of a `<Stream>`, all text.

    lang: a code or a locale.
    voice: name of the voice; by default the first one that speaks the language.
    hotwords: names and terms, with commas between.
    endpoint_ms: milliseconds of silence that end an utterance.
    interim: whether the bot gets texts that may still change.
    barge_in: whether speech of the caller ends what is being spoken.
    """

    lang: Annotated[str, Meta(max_length=20)] = "auto"
    voice: Annotated[str, Meta(max_length=100)] = ""
    hotwords: Annotated[str, Meta(max_length=MAX_HOTWORDS * (MAX_HOTWORD_CHARS + 2))] = ""
    endpoint_ms: Annotated[int, Meta(ge=MIN_ENDPOINT_MS, le=MAX_ENDPOINT_MS)] | UnsetType = UNSET
    interim: bool = True
    barge_in: bool = True


class StartDetails(Struct, frozen=True, kw_only=True):
    """customParameters: see `Parameters`."""

    mediaFormat: MediaFormat = MediaFormat()  # noqa: N815
    customParameters: dict[str, str] = {}  # noqa: N815


class Start(Struct, frozen=True, kw_only=True):
    """A stream begins. streamSid: its identifier, which every message to Twilio repeats."""

    streamSid: Annotated[str, Meta(max_length=100)]  # noqa: N815
    start: StartDetails


class MediaDetails(Struct, frozen=True, kw_only=True):
    """payload: base64. track: "inbound" is the caller."""

    payload: str
    track: str = "inbound"


class Media(Struct, frozen=True, kw_only=True):
    """Audio of the call."""

    media: MediaDetails


class MarkDetails(Struct, frozen=True, kw_only=True):
    """name: of a text."""

    name: str


class Mark(Struct, frozen=True, kw_only=True):
    """The audio before a mark was played."""

    mark: MarkDetails


# From the bot


class Speak(Struct, frozen=True, kw_only=True):
    """A text to speak, after those before it.

    more: the text goes on in the next `speak`.
    name: of the mark after its audio.
    """

    text: str
    more: bool = False
    name: Annotated[str, Meta(max_length=100)] = ""
    voice: str = ""
    speed: Annotated[float, Meta(ge=MIN_SPEED, le=MAX_SPEED)] = 1.0


# To Twilio, by the bot


class Payload(Struct, frozen=True, kw_only=True):
    """payload: base64."""

    payload: str


class Audio(Struct, frozen=True, kw_only=True):
    """Audio to play."""

    event: Literal["media"] = "media"
    streamSid: str  # noqa: N815
    media: Payload


class SendMark(Struct, frozen=True, kw_only=True):
    """Asks for a `mark` when the audio before it was played."""

    event: Literal["mark"] = "mark"
    streamSid: str  # noqa: N815
    mark: MarkDetails


class Clear(Struct, frozen=True, kw_only=True):
    """Drops the audio that was not played."""

    event: Literal["clear"] = "clear"
    streamSid: str  # noqa: N815


# To the bot


class Transcript(Struct, frozen=True, kw_only=True):
    """What the caller said.

    utterance: number of the utterance, from 0.
    isFinal: the text will not change.
    start, end: of the speech, in seconds of the call; in final texts.
    """

    event: Literal["transcript"] = "transcript"
    streamSid: str  # noqa: N815
    utterance: int
    text: str
    isFinal: bool  # noqa: N815
    start: float | UnsetType = UNSET
    end: float | UnsetType = UNSET


class Error(Struct, frozen=True, kw_only=True):
    """An error; the call goes on unless the connection is closed after it."""

    event: Literal["error"] = "error"
    code: ErrorCode
    message: str
