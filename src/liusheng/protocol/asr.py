"""The messages of streaming recognition, as PROTOCOL.md 1.1, 2 and 3 have them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from liusheng.protocol.errors import ErrorCode

SAMPLE_RATE = 16_000
"""Of the audio that clients send, in hertz; mono, signed 16-bit little-endian."""

UNKNOWN_SIGNAL_MESSAGE = "no valid json data"
"""What the original answers to a signal that it does not know; clients compare with it."""


SamplesFormat = Literal["pcm_s16le", "pcm_f32le", "pcm_mulaw", "pcm_alaw"]
ContainerFormat = Literal["wav", "flac", "mp3", "ogg_opus", "webm_opus"]

SAMPLE_BYTES: dict[str, int] = {"pcm_s16le": 2, "pcm_f32le": 4, "pcm_mulaw": 1, "pcm_alaw": 1}
"""The formats without a container, and the bytes of a sample of one channel."""


class RecognitionConfig(Struct, frozen=True, kw_only=True):
    """How a recognition is to be done; all of it optional.

    nbest: how many alternatives the client would like.
    lang: "auto" or a language code.
    hotwords: names and terms that may come.
    punctuation: whether there are marks in the text; as the model writes it, if not said.
    itn: numbers in figures, or read out; as the model writes them, if not said.
    word_times: whether the places of words are sent.
    endpoint_ms: milliseconds of silence that end an utterance; the server's own, if not said.
    partials: "cumulative" texts go on, "utterance" texts restart after each endpoint.
    """

    nbest: Annotated[int, Meta(ge=1, le=100)] = 1
    lang: Annotated[str, Meta(min_length=1, max_length=20)] = "auto"
    hotwords: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=50)], ...], Meta(max_length=200)
    ] = ()
    punctuation: bool | UnsetType = UNSET
    itn: bool | UnsetType = UNSET
    word_times: bool = True
    endpoint_ms: Annotated[int, Meta(ge=200, le=5_000)] | UnsetType = UNSET
    partials: Literal["cumulative", "utterance"] = "cumulative"


class Start(RecognitionConfig, frozen=True, kw_only=True):
    """Begins a recognition.

    name: of the audio; comes back in the final reply.
    format: samples, or a container, which says itself what is in it.
    sample_rate: of samples, in hertz.
    channels: of samples, interleaved; they are mixed.
    """

    name: str
    format: SamplesFormat | ContainerFormat = "pcm_s16le"
    sample_rate: Annotated[int, Meta(ge=8_000, le=48_000)] | UnsetType = UNSET
    channels: Literal[1, 2] | UnsetType = UNSET

    @property
    def rate(self) -> int:
        """Of the samples, in hertz."""
        return SAMPLE_RATE if self.sample_rate is UNSET else self.sample_rate

    @property
    def bytes_per_second(self) -> int:
        """Of samples; 0 for a container, of which nobody knows before it is decoded."""
        channels = 1 if self.channels is UNSET else self.channels
        return self.rate * channels * SAMPLE_BYTES.get(self.format, 0)


UNSUPPORTED: dict[str, tuple[Any, ...]] = {"resume": ()}
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
    times: after an endpoint, once: of the utterances that were closed since the last reply.
    heard: seconds of the audio, from its beginning, that `result` tells of.
    """

    result: str
    utterance: int
    is_final: bool
    stable: str
    heard: float | UnsetType = UNSET
    times: tuple[TimedToken, ...] | UnsetType = UNSET


class TimedToken(Struct, frozen=True, kw_only=True):
    """A token of the final text with its place in the audio.

    w: a character of a text with Han characters, a word otherwise.
    bg, ed: begin and end in seconds.
    """

    w: str
    bg: float
    ed: float


class Alternative(Struct, frozen=True, kw_only=True):
    """The whole text as it may be, too.

    score: the higher the likelier, to be compared within one reply.
    """

    result: str
    score: float


class Final(Struct, frozen=True, kw_only=True):
    """Answers `end`; the socket is closed after it.

    times: empty where the client wanted none.
    nbest: the likeliest first, which is `result`; where the client asked for more than one.
    """

    status: Literal["ok"] = "ok"
    name: str
    signal: Literal["finished"] = "finished"
    result: str
    times: tuple[TimedToken, ...]
    utterance: int
    is_final: Literal[True] = True
    stable: str
    nbest: tuple[Alternative, ...] | UnsetType = UNSET


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
