"""The messages of streaming recognition (docs/protocol.md)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from liusheng.protocol.errors import ErrorCode

SAMPLE_RATE = 16_000
"""Default sample rate of clients' audio, in hertz; mono, signed 16-bit little-endian."""

MIN_ENDPOINT_MS, MAX_ENDPOINT_MS = 200, 5_000
MAX_HOTWORDS, MAX_HOTWORD_CHARS = 200, 50
MAX_NAME_CHARS = 1_000

UNKNOWN_SIGNAL_MESSAGE = "no valid json data"
"""The original server's answer to an unknown signal; clients compare with it."""


SamplesFormat = Literal["pcm_s16le", "pcm_f32le", "pcm_mulaw", "pcm_alaw"]
ContainerFormat = Literal["wav", "flac", "mp3", "ogg_opus", "webm_opus"]

SAMPLE_BYTES: dict[str, int] = {"pcm_s16le": 2, "pcm_f32le": 4, "pcm_mulaw": 1, "pcm_alaw": 1}
"""The formats of raw samples, and the bytes of one sample of one channel."""


def hotwords_of(terms: Iterable[str]) -> tuple[str, ...]:
    """Return the terms that can be hotwords, each once, as many as a recognition may have."""
    found = dict.fromkeys(each.strip() for each in terms)
    return tuple(each for each in found if 0 < len(each) <= MAX_HOTWORD_CHARS)[:MAX_HOTWORDS]


class RecognitionConfig(Struct, frozen=True, kw_only=True):
    """Parameters of a recognition, all optional.

    nbest: how many alternatives the final reply has at most.
    lang: "auto" or a language code.
    languages: the codes that "auto" chooses from; empty: the server's choice.
    hotwords: names and terms that the model should prefer.
    punctuation: whether the text has punctuation; unset: as the model writes it.
    itn: inverse text normalisation: numbers in digits (true) or in words (false); unset: as the
        model writes them.
    word_times: whether replies have the times of words.
    endpoint_ms: milliseconds of silence that end an utterance; unset: the server's default.
    partials: "cumulative" texts continue, "utterance" texts restart after each endpoint.
    """

    nbest: Annotated[int, Meta(ge=1, le=100)] = 1
    lang: Annotated[str, Meta(min_length=1, max_length=20)] = "auto"
    languages: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=20)], ...], Meta(max_length=20)
    ] = ()
    hotwords: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=MAX_HOTWORD_CHARS)], ...],
        Meta(max_length=MAX_HOTWORDS),
    ] = ()
    punctuation: bool | UnsetType = UNSET
    itn: bool | UnsetType = UNSET
    word_times: bool = True
    endpoint_ms: Annotated[int, Meta(ge=MIN_ENDPOINT_MS, le=MAX_ENDPOINT_MS)] | UnsetType = UNSET
    partials: Literal["cumulative", "utterance"] = "cumulative"


class Start(RecognitionConfig, frozen=True, kw_only=True):
    """Begins a recognition.

    name: of the audio; returned in the final reply.
    format: raw samples, or a container, whose header describes its audio.
    sample_rate: of raw samples, in hertz.
    channels: of raw samples, interleaved; they are mixed to one.
    resumable: whether the recognition is kept for its client when its connection breaks.
    """

    name: Annotated[str, Meta(max_length=MAX_NAME_CHARS)]
    format: SamplesFormat | ContainerFormat = "pcm_s16le"
    sample_rate: Annotated[int, Meta(ge=8_000, le=48_000)] | UnsetType = UNSET
    channels: Literal[1, 2] | UnsetType = UNSET
    resumable: bool = False

    @property
    def rate(self) -> int:
        """Sample rate of raw samples, in hertz."""
        return SAMPLE_RATE if self.sample_rate is UNSET else self.sample_rate

    @property
    def frame_bytes(self) -> int:
        """Of one raw sample of each channel; 0 for a container."""
        channels = 1 if self.channels is UNSET else self.channels
        return channels * SAMPLE_BYTES.get(self.format, 0)

    @property
    def bytes_per_second(self) -> int:
        """Of raw samples; 0 for a container, whose rate is not known before it is decoded."""
        return self.rate * self.frame_bytes


class Resume(Struct, frozen=True, kw_only=True):
    """A `start` that takes up a recognition whose connection broke.

    resume: the newest token that its client was sent.
    from_utterance: number of the first utterance whose final text and times the client does not
        have; the answer repeats those from there on.
    finals: all that its client was sent in offers (see `ResumeOffer`), in order.
    """

    resume: Annotated[str, Meta(min_length=1)]
    from_utterance: Annotated[int, Meta(ge=0)] = 0
    finals: tuple[str, ...] = ()


class Limits(Struct, frozen=True, kw_only=True):
    """The limits of a session; in `server_ready`.

    idle_seconds: a session whose client sends nothing for so long is closed.
    max_packet_bytes: bytes of one binary frame.
    max_queued_seconds: seconds of queued audio at which the server starts to read more slowly.
    max_session_seconds: seconds of audio in one recognition; 0: no limit.
    first_audio_seconds: from `start` to the first audio, at most.
    """

    idle_seconds: float
    max_packet_bytes: int
    max_queued_seconds: float
    max_session_seconds: float
    first_audio_seconds: float = 20.0


class ResumeOffer(Struct, frozen=True, kw_only=True):
    """What a client needs to resume a recognition.

    token: proves that the recognition is the client's; opaque.
    seconds: for which the recognition is kept after its connection broke.
    keep_from: bytes of audio that are not needed any more, to resume it on another server; unset:
        only this one can.
    finals: what its client appends to those that it has, and sends with the token: one for each
        final utterance with text; opaque.
    """

    token: str
    seconds: float
    keep_from: int | UnsetType = UNSET
    finals: tuple[str, ...] | UnsetType = UNSET


class ServerReady(Struct, frozen=True, kw_only=True):
    """Answers `start`."""

    status: Literal["ok"] = "ok"
    signal: Literal["server_ready"] = "server_ready"
    session: str
    model: str
    sample_rate: int = SAMPLE_RATE
    limits: Limits
    resume: ResumeOffer | UnsetType = UNSET
    resumed: Resumed | UnsetType = UNSET


class Result(Struct, frozen=True, kw_only=True):
    """Answers a packet of audio: the partial result.

    result: the whole text so far.
    utterance: number of the open utterance, or of the last closed one if none is open.
    is_final: `result` will not change, only grow.
    stable: the prefix of `result` that will not change.
    times: sent once after an endpoint: of the utterances that were closed since the last reply.
    heard: seconds of the audio, from its beginning, that `result` covers.
    final_until: in resumable recognitions: the end of the last utterance that is closed and
        reported, in seconds of the audio from its beginning.
    resume: what resumes the recognition from now on.
    """

    result: str
    utterance: int
    is_final: bool
    stable: str
    heard: float | UnsetType = UNSET
    times: tuple[TimedToken, ...] | UnsetType = UNSET
    final_until: float | UnsetType = UNSET
    resume: ResumeOffer | UnsetType = UNSET


class Resumed(Struct, frozen=True, kw_only=True):
    """Where a recognition that was taken up stands.

    received: bytes of audio that the server has; the client goes on after them.
    ended: `end` was received, so that the final reply follows.
    replies: those that a client needs which has missed all since `from_utterance`; the last one is
        the current reply.
    """

    received: int
    ended: bool
    replies: tuple[Result, ...]


class TimedToken(Struct, frozen=True, kw_only=True):
    """A token of the final text with its time in the audio.

    w: a character of a text with Han characters, a word otherwise.
    bg, ed: begin and end in seconds.
    """

    w: str
    bg: float
    ed: float


class Alternative(Struct, frozen=True, kw_only=True):
    """An alternative of the whole text.

    score: higher is likelier; comparable within one reply only.
    """

    result: str
    score: float


class Final(Struct, frozen=True, kw_only=True):
    """Answers `end`; the connection is closed after it.

    times: empty if the client asked for no times.
    nbest: the likeliest first, which is `result`; sent if the client asked for more than one.
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
    """Answers JSON whose signal is unknown or missing, with the original server's message."""

    status: Literal["ok"] = "ok"
    code: ErrorCode = ErrorCode.UNKNOWN_SIGNAL
    message: str = UNKNOWN_SIGNAL_MESSAGE
    detail: str


class Error(Struct, frozen=True, kw_only=True):
    """An error; it has a `result` if it is the reply to a packet of audio.

    retry_after: seconds after which another attempt is expected to succeed; absent if not known.
    """

    status: Literal["error"] = "error"
    code: ErrorCode
    message: str
    retry_after: float | UnsetType = UNSET
    result: Literal[""] | UnsetType = UNSET
