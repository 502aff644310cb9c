"""The messages of streaming synthesis (docs/protocol.md)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from liusheng.protocol.errors import ErrorCode

SAMPLE_RATE = 24_000
"""Default sample rate of the audio, in hertz; mono, signed 16-bit little-endian."""

MIN_SPEED, MAX_SPEED = 0.5, 2.0
"""What every voice can do: at 0.25, and from 2.5 on, a recogniser does not understand baker-zh any
more, and hibari's speech gets no shorter."""

AudioFormat = Literal["pcm_s16le", "wav", "mp3", "ogg_opus"]
AudioSampleRate = Literal[8_000, 16_000, 24_000, 48_000]


class Start(Struct, frozen=True, kw_only=True):
    """Begins a session."""

    task: Literal["tts"]


class End(Struct, frozen=True, kw_only=True):
    """Ends the session that it names."""

    session: str


class Text(Struct, frozen=True, kw_only=True):
    """A text to synthesise.

    text: UTF-8, or base64 of it.
    spk_id: number of a voice; 0 is the default voice.
    encoding: "base64" declares `text` as base64; without it only base64 of Chinese is detected.
    voice: name of a voice, instead of spk_id.
    speed: 1.0 is the voice's own, 2.0 takes half the time.
    markup: Markdown, HTML and LaTeX in the text are read as a person would read them aloud. Where
        it is not set, they are in a text in pieces.
    """

    text: str
    spk_id: Annotated[int, Meta(ge=0)] = 0
    encoding: Literal["base64"] | UnsetType = UNSET
    voice: str | UnsetType = UNSET
    speed: Annotated[float, Meta(ge=MIN_SPEED, le=MAX_SPEED)] = 1.0
    markup: bool | UnsetType = UNSET


class TextPart(Text, frozen=True, kw_only=True):
    """A text over the WebSocket, or a piece of one. Fields other than `text` and `more` are set by
    the first piece of a text, and must not differ in others.

    more: the text goes on in the next piece.
    ssml: the text is SSML, and complete.
    volume: 1.0 is the voice's own; a soft limiter keeps louder audio below full scale.
    sample_rate: of the audio, in hertz.
    format: of the audio; the packets of a text are one stream in it.
    marks: audio packets carry the times of the characters of the text.
    pace: seconds of audio that are sent ahead of real time at most; without it audio is sent as
        fast as it is synthesised.
    """

    more: bool = False
    ssml: bool = False
    volume: Annotated[float, Meta(ge=0.0, le=3.0)] = 1.0
    sample_rate: AudioSampleRate = 24_000
    format: AudioFormat = "pcm_s16le"
    marks: bool = False
    pace: Annotated[float, Meta(ge=0.1, le=60.0)] | UnsetType = UNSET


class ServerReady(Struct, frozen=True, kw_only=True):
    """Answers `start`. The space in the signal is the original's.

    fields: of a text that this server supports; clients check them before they send pieces, which
        an original server would take for whole texts.
    """

    status: Literal[0] = 0
    signal: Literal["server ready"] = "server ready"
    session: str
    fields: tuple[str, ...] = TextPart.__struct_fields__


class Mark(Struct, frozen=True):
    """The time of a part of the text.

    span: offsets of its first character and of the one after its last; of a text in pieces, in
        all of it.
    text: the characters of the span.
    start, end: seconds from the start of the text's audio.
    """

    span: tuple[int, int]
    text: str
    start: float
    end: float


class Skipped(Struct, frozen=True):
    """A part of the text that was not read.

    span: offsets of its first character and of the one after its last, as in `Mark`.
    reason: no voice reads its script, or its language; the dictionary has no reading of a Han
        character; it is the content of a code block, an emoji, or a symbol without a reading.
    """

    span: tuple[int, int]
    text: str
    reason: Literal["no_voice_for_script", "no_reading", "code", "emoji", "symbol"]


class Audio(Struct, frozen=True, kw_only=True):
    """A packet of audio (status 1), or the last packet of a text (status 2, no audio).

    marks: of the parts that begin in it, if the client asked for marks.
    skipped: in the last packet: what of the text was not read, if there is anything.
    """

    status: Literal[1, 2]
    audio: str
    marks: tuple[Mark, ...] | UnsetType = UNSET
    skipped: tuple[Skipped, ...] | UnsetType = UNSET
    cancelled: Literal[True] | UnsetType = UNSET


class Closing(Struct, frozen=True, kw_only=True):
    """Answers `end`; the connection is closed after it."""

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
