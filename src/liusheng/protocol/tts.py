"""The messages of streaming synthesis, as PROTOCOL.md 1.2, 2 and 3 have them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from liusheng.protocol.errors import ErrorCode

SAMPLE_RATE = 24_000
"""Of the audio that is sent, in hertz; mono, signed 16-bit little-endian."""


class Start(Struct, frozen=True, kw_only=True):
    """Begins a session."""

    task: Literal["tts"]


class End(Struct, frozen=True, kw_only=True):
    """Ends the session that it names."""

    session: str


class Text(Struct, frozen=True, kw_only=True):
    """A text to be said.

    text: UTF-8, or base64 of it.
    spk_id: number of a voice; 0 is the default voice.
    encoding: "base64" says that `text` is base64; without it only Chinese is recognised as such.
    voice: name of a voice, instead of spk_id.
    speed: 1.0 is the voice's own, 2.0 takes half the time.
    """

    text: str
    spk_id: Annotated[int, Meta(ge=0)] = 0
    encoding: Literal["base64"] | UnsetType = UNSET
    voice: str | UnsetType = UNSET
    speed: Annotated[float, Meta(ge=0.5, le=2.0)] = 1.0


class Piece(Text, frozen=True, kw_only=True):
    """A text over the socket, or a piece of one. What a piece says of itself, besides `text` and
    `more`, is the first piece's to say.

    more: the text goes on in the next piece.
    ssml: the text is SSML; it comes whole.
    volume: 1.0 is the voice's own; what comes near full scale is bent under it.
    sample_rate: of the audio, in hertz.
    format: the packets of a text are one stream in it.
    marks: audio packets tell when which characters are said.
    pace: seconds of audio that are sent ahead of real time at most; without it audio is sent as
        fast as it is made.
    """

    more: bool = False
    ssml: bool = False
    volume: Annotated[float, Meta(ge=0.0, le=3.0)] = 1.0
    sample_rate: Literal[8_000, 16_000, 24_000, 48_000] = 24_000
    format: Literal["pcm_s16le", "wav", "mp3", "ogg_opus"] = "pcm_s16le"
    marks: bool = False
    pace: Annotated[float, Meta(ge=0.1, le=60.0)] | UnsetType = UNSET


class ServerReady(Struct, frozen=True, kw_only=True):
    """Answers `start`. The space in the signal is the original's.

    fields: of a text that this server knows; clients look here before they send pieces, which a
        server of the original kind would take for texts.
    """

    status: Literal[0] = 0
    signal: Literal["server ready"] = "server ready"
    session: str
    fields: tuple[str, ...] = Piece.__struct_fields__


class Mark(Struct, frozen=True, kw_only=True):
    """When a part of the text is said.

    span: its first character and the one after its last, in the text (of pieces: in all of them).
    text: what stands there.
    start, end: seconds from the start of the text's audio.
    """

    span: tuple[int, int]
    text: str
    start: float
    end: float


class Audio(Struct, frozen=True, kw_only=True):
    """A piece of audio (status 1), or the closing packet of a text (status 2, no audio).

    marks: of what begins in it, where marks were asked for.
    """

    status: Literal[1, 2]
    audio: str
    marks: tuple[Mark, ...] | UnsetType = UNSET
    cancelled: Literal[True] | UnsetType = UNSET


class Closing(Struct, frozen=True, kw_only=True):
    """Answers `end`; the socket is closed after it."""

    status: Literal[0] = 0
    signal: Literal["connection will be closed"] = "connection will be closed"
    session: str


class Error(Struct, frozen=True, kw_only=True):
    """An error. One that answers a text is followed by that text's status 2 packet."""

    status: Literal[-1] = -1
    code: ErrorCode
    message: str
    audio: Literal[""] = ""


class SampleRate(Struct, frozen=True, kw_only=True):
    """Answers GET .../samplerate."""

    sample_rate: int = SAMPLE_RATE
