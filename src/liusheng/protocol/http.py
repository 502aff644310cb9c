"""The messages of PaddleSpeech's HTTP API: `/paddlespeech/asr`, `/tts`, `/text`, and the streams.

The envelopes are the original server's (`success`, `code`, `message.description`, `result`); our
own fields are additions.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from liusheng.protocol.asr import (
    SAMPLE_RATE,
    ContainerFormat,
    RecognitionConfig,
    SamplesFormat,
    TimedToken,
)
from liusheng.protocol.errors import ErrorCode
from liusheng.protocol.tts import MAX_SPEED, MIN_SPEED, Skipped

# Requests


NotEmpty = Annotated[str, Meta(extra_json_schema={"minLength": 1})]
"""A text that the API's description says may not be empty; one that is has an error of its own."""


class SpeechBody(Struct, frozen=True, kw_only=True):
    """A text to synthesise; the fields of the text, voice and speed are those of `tts.Text`.

    volume: 1.0 is the voice's own.
    markup: Markdown, HTML and LaTeX are read as a person would read them aloud.
    sample_rate: hertz; 0: the default, 24,000.
    save_path: accepted, because original clients send it, and ignored: the server writes no files.
    """

    text: NotEmpty
    spk_id: Annotated[int, Meta(ge=0)] = 0
    encoding: Literal["base64"] | UnsetType = UNSET
    voice: str | UnsetType = UNSET
    speed: Annotated[float, Meta(ge=MIN_SPEED, le=MAX_SPEED)] = 1.0
    markup: bool = False
    volume: Annotated[float, Meta(gt=0, le=3.0)] = 1.0
    sample_rate: Literal[0, 8000, 16000, 24000, 48000] = 0
    save_path: str | None = None


UNSUPPORTED_SPEECH: dict[str, tuple[Any, ...]] = {
    "format": (),
    "more": (False,),
    "ssml": (False,),
    "marks": (False,),
    "pace": (),
}
"""Fields of a text over the WebSocket that these paths do not support, with the values that are
allowed because they ask for the default. `Accept` selects the format; the reader sets the pace."""


class RecognitionQuery(RecognitionConfig, frozen=True, kw_only=True):
    """Parameters of `POST /paddlespeech/asr/streaming`: those of `asr.Start`, except `format`.

    format: "auto": a container, detected by its header.
    """

    name: str = ""
    format: Literal["auto"] | SamplesFormat | ContainerFormat = "auto"
    sample_rate: Annotated[int, Meta(ge=8_000, le=48_000)] = SAMPLE_RATE
    channels: Literal[1, 2] = 1


UNSUPPORTED_RECOGNITION: dict[str, tuple[Any, ...]] = {"resumable": ("false",), "resume": ()}
"""Fields of a `start` over the WebSocket that need one, with the values that are allowed because
they ask for the default."""


class RecognitionBody(Struct, frozen=True, kw_only=True):
    """A file to recognise.

    audio: base64 of the file.
    audio_format, sample_rate: accepted, because original clients send them, and ignored: the
        file's header describes it.
    lang: a code, or a locale as original clients write it: "zh_cn".
    punc: accepted, because original clients send it, and ignored: the text has the punctuation
        that the model writes.
    """

    audio: NotEmpty
    audio_format: str = "wav"
    sample_rate: int = SAMPLE_RATE
    lang: str = "auto"
    punc: bool | None = None


class TextBody(Struct, frozen=True, kw_only=True):
    """A text to punctuate."""

    text: str


# Responses


class SuccessMessage(Struct, frozen=True, kw_only=True):
    """The `message` of a response."""

    description: str = "success"


class RecognitionResult(Struct, frozen=True, kw_only=True):
    """transcription: the whole text. times: see `asr.Final`."""

    transcription: str
    times: tuple[TimedToken, ...]


class RecognitionAnswer(Struct, frozen=True, kw_only=True):
    """Answers `POST /paddlespeech/asr`."""

    success: Literal[True] = True
    code: Literal[200] = 200
    message: SuccessMessage = SuccessMessage()
    result: RecognitionResult


class SpeechResult(Struct, frozen=True, kw_only=True):
    """audio: base64 of a WAV file of `duration` seconds. save_path: null, no file was written.
    skipped: what of the text was not read, if there is anything.
    """

    lang: str
    spk_id: int
    speed: float
    volume: float
    sample_rate: int
    duration: float
    save_path: None = None
    audio: str
    skipped: tuple[Skipped, ...] | UnsetType = UNSET


class SpeechAnswer(Struct, frozen=True, kw_only=True):
    """Answers `POST /paddlespeech/tts`."""

    success: Literal[True] = True
    code: Literal[200] = 200
    message: SuccessMessage = SuccessMessage(description="success.")
    result: SpeechResult


class TextResult(Struct, frozen=True, kw_only=True):
    """punc_text: the text with punctuation."""

    punc_text: str


class TextAnswer(Struct, frozen=True, kw_only=True):
    """Answers `POST /paddlespeech/text`."""

    success: Literal[True] = True
    code: Literal[200] = 200
    message: SuccessMessage = SuccessMessage()
    result: TextResult


class HelpMessage(Struct, frozen=True, kw_only=True, rename={"everywhere": "global"}):
    """The `message` of a help text."""

    everywhere: Literal["success"] = "success"


class Help(Struct, frozen=True, kw_only=True):
    """Answers the `/help` paths. `success` is a string in the original."""

    success: Literal["True"] = "True"
    code: Literal[200] = 200
    message: HelpMessage = HelpMessage()
    result: dict[str, str]


class FailureMessage(Struct, frozen=True, kw_only=True):
    """description: what is wrong and what to do."""

    description: str


class Failure(Struct, frozen=True, kw_only=True):
    """Every error of these paths.

    code: the HTTP status.
    error: a stable code for programs.
    """

    success: Literal[False] = False
    code: int
    message: FailureMessage
    error: ErrorCode
