"""The messages of streaming synthesis, as PROTOCOL.md 1.2, 2 and 3 have them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

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


NOT_BUILT: dict[str, tuple[Any, ...]] = {
    "volume": (1, 1.0),
    "sample_rate": (SAMPLE_RATE,),
    "format": ("pcm_s16le",),
    "more": (False,),
}
"""Fields of a text that the contract knows and this server does not serve yet, with the values that
ask for nothing else than what it does."""


class ServerReady(Struct, frozen=True, kw_only=True):
    """Answers `start`. The space in the signal is the original's."""

    status: Literal[0] = 0
    signal: Literal["server ready"] = "server ready"
    session: str


class Audio(Struct, frozen=True, kw_only=True):
    """A piece of audio (status 1), or the closing packet of a text (status 2, no audio)."""

    status: Literal[1, 2]
    audio: str
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
