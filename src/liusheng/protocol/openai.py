"""The messages of OpenAI's audio API, as the official clients send and read them.

Of what this server cannot do, fields that ask for a different result are refused; hints are
ignored, which a header of the response says (`liusheng.server.http.ignored`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from liusheng.protocol.tts import Skipped

# Errors


class ErrorBody(Struct, frozen=True, kw_only=True):
    """code: one of `liusheng.protocol.errors.ErrorCode`."""

    message: str
    type: Literal["invalid_request_error", "server_error"]
    param: str | None = None
    code: str


class Failure(Struct, frozen=True, kw_only=True):
    """Every error of these paths."""

    error: ErrorBody


# Speech


class VoiceId(Struct, frozen=True, kw_only=True):
    """A voice by its name."""

    id: str


class SpeechBody(Struct, frozen=True, kw_only=True):
    """A text to synthesise.

    speed: below 0.5 and above 2 the nearest of these is used.
    instructions: ignored: the voices have one manner each.
    stream_format: "sse": base64 in server-sent events.
    markup: Markdown, HTML and LaTeX in `input` are read as a person would read them aloud; no
        field of OpenAI's.
    """

    model: str
    input: str
    voice: str | VoiceId
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: Annotated[float, Meta(ge=0.25, le=4.0)] = 1.0
    instructions: str = ""
    stream_format: Literal["audio", "sse"] = "audio"
    markup: bool = True


class Usage(Struct, frozen=True, kw_only=True):
    """Always zero: this server counts no tokens."""

    input_tokens: Literal[0] = 0
    output_tokens: Literal[0] = 0
    total_tokens: Literal[0] = 0


class SpeechDelta(Struct, frozen=True, kw_only=True):
    """A packet of audio, in base64."""

    type: Literal["speech.audio.delta"] = "speech.audio.delta"
    audio: str


class SpeechDone(Struct, frozen=True, kw_only=True):
    """The end of the audio. skipped: what of the text was not read, if there is anything."""

    type: Literal["speech.audio.done"] = "speech.audio.done"
    usage: Usage = Usage()
    skipped: tuple[Skipped, ...] | UnsetType = UNSET


# Transcription


TranscriptFormat = Literal["json", "text", "srt", "vtt", "verbose_json"]


class TranscriptionForm(Struct, frozen=True, kw_only=True):
    """The fields of the form besides the file.

    language: a code, a locale or a name: "zh", "en-US", "Chinese"; "": it is detected.
    languages: one has the effect of `language`; of several the language is detected.
    prompt: a list of terms, which are used as hotwords as far as the model takes them; another text
        is ignored.
    keywords: further terms.
    timestamp_granularities: for "verbose_json".
    temperature, include, chunking_strategy: ignored.
    """

    model: str
    language: Annotated[str, Meta(max_length=40)] = ""
    languages: tuple[Annotated[str, Meta(max_length=40)], ...] = ()
    prompt: str = ""
    keywords: tuple[Annotated[str, Meta(min_length=1, max_length=50)], ...] = ()
    response_format: TranscriptFormat = "json"
    timestamp_granularities: tuple[Literal["word", "segment"], ...] = ("segment",)
    stream: Literal["true", "false", "True", "False", "1", "0"] = "false"
    temperature: str = ""
    include: tuple[str, ...] = ()
    chunking_strategy: str = ""


class TranslationForm(Struct, frozen=True, kw_only=True):
    """The fields of the form besides the file.

    language: of the speech, as in a transcription; no field of OpenAI's.
    prompt, temperature: ignored.
    """

    model: str
    language: Annotated[str, Meta(max_length=40)] = ""
    prompt: str = ""
    response_format: TranscriptFormat = "json"
    temperature: str = ""


LISTS = ("languages", "keywords", "timestamp_granularities", "include")
"""Fields of forms with several values; clients write their names with or without `[]`."""


class Duration(Struct, frozen=True, kw_only=True):
    """How much audio was received."""

    type: Literal["duration"] = "duration"
    seconds: float


class Transcription(Struct, frozen=True, kw_only=True):
    """Answers "json"."""

    text: str
    usage: Duration


class Segment(Struct, frozen=True, kw_only=True):
    """An utterance. OpenAI's segments also have figures of its decoder, unknown here."""

    id: int
    start: float
    end: float
    text: str


class Word(Struct, frozen=True, kw_only=True):
    """A word, or a character of a text with Han characters."""

    word: str
    start: float
    end: float


class VerboseTranscription(Struct, frozen=True, kw_only=True):
    """Answers "verbose_json". language: code of the text of the first utterance; "" without an
    utterance."""

    task: Literal["transcribe", "translate"] = "transcribe"
    language: str
    duration: float
    text: str
    segments: tuple[Segment, ...] | None
    words: tuple[Word, ...] | None
    usage: Duration


class TextDelta(Struct, frozen=True, kw_only=True):
    """The next part of the text; it will not change."""

    type: Literal["transcript.text.delta"] = "transcript.text.delta"
    delta: str


class TextDone(Struct, frozen=True, kw_only=True):
    """The whole text."""

    type: Literal["transcript.text.done"] = "transcript.text.done"
    text: str
    usage: Usage = Usage()


# Models


class Model(Struct, frozen=True, kw_only=True):
    """A model of this server."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: Literal["liusheng"] = "liusheng"


class VoiceDescription(Struct, frozen=True, kw_only=True):
    """A voice of this server.

    id, name: what `voice` of a request may be; for people the same.
    languages: codes; the first is its main language.
    """

    id: str
    name: str
    languages: tuple[str, ...]
    gender: str
    model: str


class VoiceList(Struct, frozen=True, kw_only=True):
    """Answers GET /v1/audio/voices, the default voice first."""

    voices: tuple[VoiceDescription, ...]


class VoiceModelList(Struct, frozen=True, kw_only=True):
    """Answers GET /v1/audio/models: the models for synthesis."""

    models: tuple[Model, ...]


class ModelList(Struct, frozen=True, kw_only=True):
    """Answers GET /v1/models."""

    object: Literal["list"] = "list"
    data: tuple[Model, ...]
