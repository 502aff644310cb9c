"""The messages of Deepgram's live recognition, and the parameters of its address.

Parameters that change nothing for a client are ignored. Those that ask for what this server does
not have are refused (`UNSUPPORTED`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from liusheng.protocol import asr
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, refuse_unsupported
from liusheng.protocol.languages import AUTO

# What a client asks for

SAMPLES: dict[str, asr.SamplesFormat] = {
    "linear16": "pcm_s16le",
    "mulaw": "pcm_mulaw",
    "alaw": "pcm_alaw",
}
CONTAINERS: dict[str, asr.ContainerFormat] = {
    "flac": "flac",
    "opus": "ogg_opus",
    "ogg-opus": "ogg_opus",
}
Encoding = Literal["linear16", "mulaw", "alaw", "flac", "opus", "ogg-opus"]

_BEGINNINGS: tuple[tuple[bytes, asr.ContainerFormat], ...] = (
    (b"RIFF", "wav"),
    (b"fLaC", "flac"),
    (b"OggS", "ogg_opus"),
    (b"\x1aE\xdf\xa3", "webm_opus"),
    (b"ID3", "mp3"),
    (b"\xff\xfb", "mp3"),
    (b"\xff\xf3", "mp3"),
    (b"\xff\xf2", "mp3"),
)

_MARKS = "，。？！；：、,.?!;:…\"'“”‘’()（）"
_LISTS = ("keyterm", "keywords")

_REFUSED = (
    "callback", "detect_entities", "diarize", "diarize_model", "dictation", "multichannel",
    "intents", "paragraphs", "profanity_filter", "redact", "replace", "search", "sentiment",
    "summarize", "topics",
)  # fmt: skip

UNSUPPORTED: dict[str, tuple[Any, ...]] = dict.fromkeys(_REFUSED, ("false", "False", "0", ""))


class ListenQuery(Struct, frozen=True, kw_only=True):
    """The parameters of the address.

    model: any name; the server chooses by the language.
    language: a locale, or "multi".
    encoding: of the audio; without it the audio is a container.
    sample_rate, channels: of raw samples.
    endpointing: milliseconds of silence that end an utterance, or "true"; "false": none does, for
        the client.
    utterance_end_ms: milliseconds without a word, after which the client gets `UtteranceEnd`.
    utterances: a file's utterances are listed, too.
    keyterm, keywords: names and terms; keywords may have an intensifier: "snuffle:2".
    """

    model: str = ""
    language: Annotated[str, Meta(max_length=20)] = AUTO
    encoding: Encoding | UnsetType = UNSET
    sample_rate: Annotated[int, Meta(ge=8_000, le=48_000)] | UnsetType = UNSET
    channels: Literal[1, 2] = 1
    interim_results: bool = False
    punctuate: bool | UnsetType = UNSET
    smart_format: bool = False
    numerals: bool = False
    endpointing: str = "true"
    utterance_end_ms: Annotated[int, Meta(ge=0, le=60_000)] | UnsetType = UNSET
    vad_events: bool = False
    utterances: bool = False
    keyterm: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()

    @property
    def ends_speech(self) -> bool:
        """Whether the client is told where its speaker pauses."""
        return self.endpointing.lower() != "false"


def listen_query(parameters: Iterable[tuple[str, str]]) -> ListenQuery:
    """Return the parameters of an address, checked.

    Raises:
        ProtocolError: invalid_field, unsupported_field or missing_field.
    """
    given: dict[str, Any] = {}
    for name, value in parameters:
        if name in _LISTS:
            given.setdefault(name, []).append(value)
        else:
            given[name] = value
    refuse_unsupported(given, UNSUPPORTED)
    query = convert(given, ListenQuery, strict=False)
    if query.encoding == "linear16" and query.sample_rate is UNSET:
        raise ProtocolError(
            ErrorCode.MISSING_FIELD,
            'The parameter "sample_rate" is missing: "encoding" is "linear16".',
        )
    _endpoint_ms(query.endpointing)
    return query


def start_for(query: ListenQuery, lang: str) -> asr.Start:
    """Return the parameters of a recognition, but for the format of audio without `encoding`.

    lang: the language of `query`, checked.
    """
    encoding = query.encoding if isinstance(query.encoding, str) else ""
    samples = encoding in SAMPLES
    figures = query.numerals or query.smart_format
    rate = 8_000 if query.sample_rate is UNSET else query.sample_rate
    return asr.Start(
        name="deepgram",
        lang=lang,
        format=SAMPLES.get(encoding) or CONTAINERS.get(encoding, "wav"),
        sample_rate=rate if samples else UNSET,
        channels=query.channels if samples else UNSET,
        punctuation=False if query.punctuate is False and not query.smart_format else UNSET,
        itn=True if figures and lang in (AUTO, "zh", "en") else UNSET,
        endpoint_ms=_endpoint_ms(query.endpointing),
        hotwords=asr.hotwords_of(
            [*query.keyterm, *(each.rpartition(":")[0] or each for each in query.keywords)]
        ),
    )


def container_of(data: bytes) -> asr.ContainerFormat:
    """Return the container that audio begins as.

    Raises:
        ProtocolError: invalid_audio.
    """
    for beginning, container in _BEGINNINGS:
        if data.startswith(beginning):
            return container
    raise ProtocolError(
        ErrorCode.INVALID_AUDIO,
        "The audio is none of WAV, FLAC, Ogg, WebM and MP3. Describe raw samples with the "
        f"parameters encoding ({', '.join(SAMPLES)}) and sample_rate.",
    )


def _endpoint_ms(endpointing: str) -> int | UnsetType:
    """Return the silence that ends an utterance, within what the server can do."""
    if endpointing.lower() in ("true", "false", ""):
        return UNSET
    try:
        return min(asr.MAX_ENDPOINT_MS, max(asr.MIN_ENDPOINT_MS, int(float(endpointing))))
    except (ValueError, OverflowError):
        raise ProtocolError(
            ErrorCode.INVALID_FIELD,
            'The parameter "endpointing" must be a number of milliseconds, true or false, not '
            f'"{endpointing[:60]}".',
        ) from None


# What it is sent


class Word(Struct, frozen=True, kw_only=True):
    """A word with its times, in seconds of the audio."""

    word: str
    start: float
    end: float
    confidence: float = 1.0
    punctuated_word: str


def words_of(tokens: Iterable[asr.TimedToken], offset: float = 0.0) -> list[Word]:
    """Return words. offset: seconds of the audio before the times."""
    return [
        Word(
            word=each.w.strip(_MARKS).lower() or each.w,
            start=round(offset + each.bg, 3),
            end=round(offset + each.ed, 3),
            punctuated_word=each.w,
        )
        for each in tokens
    ]


class Alternative(Struct, frozen=True, kw_only=True):
    """The text of a part of the audio. confidence: 1; the models give none."""

    transcript: str
    confidence: float = 1.0
    words: Sequence[Word] = ()


class Channel(Struct, frozen=True, kw_only=True):
    """The alternatives; there is one."""

    alternatives: tuple[Alternative, ...]


class ModelInfo(Struct, frozen=True, kw_only=True):
    """The model that was used."""

    name: str
    version: str
    arch: str = "liusheng"


class ResultsMetadata(Struct, frozen=True, kw_only=True):
    """request_id: of the connection."""

    request_id: str
    model_info: ModelInfo
    model_uuid: str


class Results(Struct, frozen=True, kw_only=True):
    """The text of a part of the audio.

    start, duration: of that part, in seconds.
    is_final: the text will not change.
    speech_final: the speaker paused after it.
    from_finalize: the client asked for it with `Finalize`.
    """

    type: Literal["Results"] = "Results"
    channel_index: tuple[int, int] = (0, 1)
    start: float
    duration: float
    is_final: bool
    speech_final: bool
    channel: Channel
    metadata: ResultsMetadata
    from_finalize: bool = False


class SpeechStarted(Struct, frozen=True, kw_only=True):
    """Speech was recognised. timestamp: seconds of the audio received by then."""

    type: Literal["SpeechStarted"] = "SpeechStarted"
    channel: tuple[int, ...] = (0,)
    timestamp: float


class UtteranceEnd(Struct, frozen=True, kw_only=True):
    """There was no word for the time that the client asked for."""

    type: Literal["UtteranceEnd"] = "UtteranceEnd"
    channel: tuple[int, int] = (0, 1)
    last_word_end: float


class Metadata(Struct, frozen=True, kw_only=True):
    """The last message of a connection. sha256: of the audio."""

    type: Literal["Metadata"] = "Metadata"
    transaction_key: str = "deprecated"
    request_id: str
    sha256: str
    created: str
    duration: float
    channels: int


class ConfigureFailure(Struct, frozen=True, kw_only=True):
    """Answers `Configure`: what it changes is fixed here when the connection is opened."""

    type: Literal["ConfigureFailure"] = "ConfigureFailure"
    request_id: str
    error: str
    code: ErrorCode


class Error(Struct, frozen=True, kw_only=True):
    """An error. variant and code: the code of the error; description and message: the reason."""

    type: Literal["Error"] = "Error"
    variant: str
    description: str
    message: str
    code: ErrorCode


# What answers a file


class FileMetadata(Struct, frozen=True, kw_only=True):
    """sha256: of the file. duration: of its audio, in seconds. models: names."""

    transaction_key: str = "deprecated"
    request_id: str
    sha256: str
    created: str
    duration: float
    channels: int = 1
    models: tuple[str, ...]
    model_info: dict[str, ModelInfo]


class FileChannel(Struct, frozen=True, kw_only=True):
    """The text of the file. detected_language: that of its first utterance."""

    alternatives: tuple[Alternative, ...]
    detected_language: str | UnsetType = UNSET


class FileUtterance(Struct, frozen=True, kw_only=True):
    """An utterance. start, end: of its speech, in seconds."""

    start: float
    end: float
    confidence: float = 1.0
    channel: int = 0
    transcript: str
    words: Sequence[Word]
    id: str


class FileResults(Struct, frozen=True, kw_only=True):
    """The channels, of which there is one: all are mixed."""

    channels: tuple[FileChannel, ...]
    utterances: tuple[FileUtterance, ...] | UnsetType = UNSET


class FileAnswer(Struct, frozen=True, kw_only=True):
    """Answers a file."""

    metadata: FileMetadata
    results: FileResults
