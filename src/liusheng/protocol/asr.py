"""The messages of streaming recognition, as PROTOCOL.md 1.1, 2 and 3 have them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from liusheng.protocol.errors import ErrorCode

SAMPLE_RATE = 16_000
"""Of the audio that clients send, in hertz; mono, signed 16-bit little-endian."""

UNKNOWN_SIGNAL_MESSAGE = "no valid json data"
"""What the original answers to a signal that it does not know; clients compare with it."""


class Start(Struct, frozen=True, kw_only=True):
    """Begins a recognition.

    name: of the audio; comes back in the final reply.
    nbest: how many alternatives the client would like.
    lang: "auto" or a language code.
    """

    name: str
    nbest: Annotated[int, Meta(ge=1, le=100)] = 1
    lang: Annotated[str, Meta(min_length=1, max_length=20)] = "auto"


NOT_BUILT: dict[str, tuple[Any, ...]] = {
    "sample_rate": (SAMPLE_RATE,),
    "format": ("pcm_s16le",),
    "channels": (1,),
    "hotwords": ([],),
    "punctuation": (),
    "itn": (),
    "word_times": (),
    "endpoint_ms": (),
    "partials": ("cumulative",),
    "resume": (),
}
"""Fields of `start` that the contract knows and this server does not serve yet, with the values
that ask for nothing else than what it does."""


class Limits(Struct, frozen=True, kw_only=True):
    """What a session may use; in `server_ready`.

    idle_seconds: a session that sends nothing for so long is closed.
    max_packet_bytes: of one binary frame.
    max_queued_seconds: of audio not yet looked at, before the server reads more slowly.
    max_session_seconds: of audio in one recognition; 0: no limit.
    """

    idle_seconds: float
    max_packet_bytes: int
    max_queued_seconds: float
    max_session_seconds: float


class ServerReady(Struct, frozen=True, kw_only=True):
    """Answers `start`."""

    status: Literal["ok"] = "ok"
    signal: Literal["server_ready"] = "server_ready"
    session: str
    model: str
    sample_rate: int = SAMPLE_RATE
    limits: Limits


class Result(Struct, frozen=True, kw_only=True):
    """Answers a packet of audio: what is known so far.

    result: the whole text so far.
    utterance: number of the utterance that is open, or that was closed last when none is.
    is_final: `result` will not change, only grow.
    stable: the prefix of `result` that will not change.
    """

    result: str
    utterance: int
    is_final: bool
    stable: str


class TimedToken(Struct, frozen=True, kw_only=True):
    """A token of the final text with its place in the audio.

    w: a character of a text with Han characters, a word otherwise.
    bg, ed: begin and end in seconds.
    """

    w: str
    bg: float
    ed: float


class Final(Struct, frozen=True, kw_only=True):
    """Answers `end`; the socket is closed after it."""

    status: Literal["ok"] = "ok"
    name: str
    signal: Literal["finished"] = "finished"
    result: str
    times: tuple[TimedToken, ...]
    utterance: int
    is_final: Literal[True] = True
    stable: str


class UnknownSignal(Struct, frozen=True, kw_only=True):
    """Answers JSON whose signal is unknown or absent, with the original's message kept."""

    status: Literal["ok"] = "ok"
    code: ErrorCode = ErrorCode.UNKNOWN_SIGNAL
    message: str = UNKNOWN_SIGNAL_MESSAGE
    detail: str


class Error(Struct, frozen=True, kw_only=True):
    """An error; `result` is there when it answers a binary packet (it is that packet's reply)."""

    status: Literal["error"] = "error"
    code: ErrorCode
    message: str
    result: Literal[""] | UnsetType = UNSET
