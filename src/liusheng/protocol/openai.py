"""The messages of OpenAI's audio API, as the official clients send and read them.

Fields of the API that this server does not support are refused (`UNSUPPORTED_...`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

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

    speed: OpenAI accepts 0.25 to 4; this server accepts 0.5 to 2.
    stream_format: "sse": base64 in server-sent events.
    markup: Markdown, HTML and LaTeX in `input` are read as a person would read them aloud; no
        field of OpenAI's.
    """

    model: str
    input: str
    voice: str | VoiceId
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: Annotated[float, Meta(ge=0.5, le=2.0)] = 1.0
    stream_format: Literal["audio", "sse"] = "audio"
    markup: bool = True


UNSUPPORTED_SPEECH: dict[str, tuple[Any, ...]] = {"instructions": ("", None)}


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


class TranscriptionForm(Struct, frozen=True, kw_only=True):
    """The fields of the form besides the file.

    timestamp_granularities: for "verbose_json".
    """

    model: str
    language: Annotated[str, Meta(max_length=20)] = ""
    response_format: Literal["json", "text", "srt", "vtt", "verbose_json"] = "json"
    timestamp_granularities: tuple[Literal["word", "segment"], ...] = ("segment",)
    stream: Literal["true", "false", "True", "False", "1", "0"] = "false"


UNSUPPORTED_TRANSCRIPTION: dict[str, tuple[Any, ...]] = {
    "prompt": ("",),
    "temperature": ("0", "0.0"),
    "chunking_strategy": ("auto",),
    "include[]": (),
    "keywords[]": (),
    "languages[]": (),
    "known_speaker_names[]": (),
    "known_speaker_references[]": (),
}


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
    """Answers "verbose_json". language: code of the first utterance; "" without an utterance."""

    task: Literal["transcribe"] = "transcribe"
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


class ModelList(Struct, frozen=True, kw_only=True):
    """Answers GET /v1/models."""

    object: Literal["list"] = "list"
    data: tuple[Model, ...]
