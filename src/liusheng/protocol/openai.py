"""The messages of OpenAI's audio API, as the official clients send and read them.

Fields that are known and not served are refused, as everywhere here; see `NOT_BUILT_...`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

MODELS = frozenset(
    "whisper-1 gpt-transcribe gpt-4o-transcribe gpt-4o-mini-transcribe "
    "gpt-4o-mini-transcribe-2025-12-15 tts-1 tts-1-hd gpt-4o-mini-tts "
    "gpt-4o-mini-tts-2025-12-15".split()
)
"""OpenAI's own models; whoever asks for one of them gets this server's default."""

VOICES = frozenset(
    "alloy ash ballad coral echo sage shimmer verse marin cedar fable onyx nova".split()
)
"""OpenAI's own voices; whoever asks for one of them gets this server's default."""

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
    """What is to be said; `input` is always plain text.

    speed: OpenAI's goes from 0.25 to 4; voices here from 0.5 to 2.
    stream_format: "sse": base64 in events.
    """

    model: str
    input: str
    voice: str | VoiceId
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: Annotated[float, Meta(ge=0.5, le=2.0)] = 1.0
    stream_format: Literal["audio", "sse"] = "audio"


NOT_BUILT_SPEECH: dict[str, tuple[Any, ...]] = {"instructions": ("", None)}


class Usage(Struct, frozen=True, kw_only=True):
    """Nothing is billed here, and nothing counted in tokens."""

    input_tokens: Literal[0] = 0
    output_tokens: Literal[0] = 0
    total_tokens: Literal[0] = 0


class SpeechDelta(Struct, frozen=True, kw_only=True):
    """A piece of audio, in base64."""

    type: Literal["speech.audio.delta"] = "speech.audio.delta"
    audio: str


class SpeechDone(Struct, frozen=True, kw_only=True):
    """There is no more audio."""

    type: Literal["speech.audio.done"] = "speech.audio.done"
    usage: Usage = Usage()


# Transcription


class TranscriptionForm(Struct, frozen=True, kw_only=True):
    """The fields beside the file.

    timestamp_granularities: for "verbose_json".
    """

    model: str
    language: Annotated[str, Meta(max_length=20)] = ""
    response_format: Literal["json", "text", "srt", "vtt", "verbose_json"] = "json"
    timestamp_granularities: tuple[Literal["word", "segment"], ...] = ("segment",)
    stream: Literal["true", "false", "True", "False", "1", "0"] = "false"


NOT_BUILT_TRANSCRIPTION: dict[str, tuple[Any, ...]] = {
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
    """How much audio came."""

    type: Literal["duration"] = "duration"
    seconds: float


class Transcription(Struct, frozen=True, kw_only=True):
    """Answers "json"."""

    text: str
    usage: Duration


class Segment(Struct, frozen=True, kw_only=True):
    """An utterance. OpenAI's has figures of its decoder besides, which are not known here."""

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
    """Answers "verbose_json". language: the first utterance's code; "" when nothing was said."""

    task: Literal["transcribe"] = "transcribe"
    language: str
    duration: float
    text: str
    segments: tuple[Segment, ...] | None
    words: tuple[Word, ...] | None
    usage: Duration


class TextDelta(Struct, frozen=True, kw_only=True):
    """More of the text, which will not change."""

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
