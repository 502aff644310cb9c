"""The messages of the original HTTP paths: `/paddlespeech/asr`, `/tts`, `/text`, and their streams.

The envelopes are the original's (`success`, `code`, `message.description`, `result`); what it does
not have is additive.
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

# What is sent


class SpeechBody(Struct, frozen=True, kw_only=True):
    """What is to be said; the text, voice and speed are those of `tts.Text`.

    volume: 1.0 is the voice's own.
    sample_rate: hertz; 0: the server's own, 24,000.
    save_path: taken, since original clients send it, and not used: the server writes no files.
    """

    text: str
    spk_id: Annotated[int, Meta(ge=0)] = 0
    encoding: Literal["base64"] | UnsetType = UNSET
    voice: str | UnsetType = UNSET
    speed: Annotated[float, Meta(ge=0.5, le=2.0)] = 1.0
    volume: Annotated[float, Meta(gt=0, le=3.0)] = 1.0
    sample_rate: Literal[0, 8000, 16000, 24000, 48000] = 0
    save_path: str | None = None


SPEECH_NOT_BUILT: dict[str, tuple[Any, ...]] = {
    "format": (),
    "more": (False,),
    "ssml": (False,),
    "marks": (False,),
    "pace": (),
}
"""Fields of a text over the socket that these paths do not serve, with the values that ask for
nothing else than what they do. The format is chosen by `Accept`; who reads sets the pace."""


class RecognitionQuery(RecognitionConfig, frozen=True, kw_only=True):
    """Parameters of `POST /paddlespeech/asr/streaming`: those of `asr.Start`, but for the format.

    format: "auto": a container that says itself what it is, and what is in it.
    """

    name: str = ""
    format: Literal["auto"] | SamplesFormat | ContainerFormat = "auto"
    sample_rate: Annotated[int, Meta(ge=8_000, le=48_000)] = SAMPLE_RATE
    channels: Literal[1, 2] = 1


STREAM_NOT_BUILT: dict[str, tuple[Any, ...]] = {"resume": ()}
"""Fields of `start` that the contract knows and this path does not serve, with the values that ask
for nothing else than what it does."""


class RecognitionBody(Struct, frozen=True, kw_only=True):
    """Audio to be recognised at once.

    audio: base64 of a file.
    audio_format, sample_rate: what the file says of itself counts; original clients send them.
    lang: a code, or a locale as original clients write it: "zh_cn".
    punc: whether punctuation is wanted; it is there when the model writes it.
    """

    audio: str
    audio_format: str = "wav"
    sample_rate: int = SAMPLE_RATE
    lang: str = "auto"
    punc: bool | None = None


class TextBody(Struct, frozen=True, kw_only=True):
    """Text that wants punctuation."""

    text: str


# What is answered


class SuccessMessage(Struct, frozen=True, kw_only=True):
    """The `message` of an answer."""

    description: str = "success"


class Recognized(Struct, frozen=True, kw_only=True):
    """transcription: the whole text. times: see `asr.Final`."""

    transcription: str
    times: tuple[TimedToken, ...]


class RecognitionAnswer(Struct, frozen=True, kw_only=True):
    """Answers `POST /paddlespeech/asr`."""

    success: Literal[True] = True
    code: Literal[200] = 200
    message: SuccessMessage = SuccessMessage()
    result: Recognized


class Said(Struct, frozen=True, kw_only=True):
    """audio: base64 of a WAV file of `duration` seconds. save_path: nothing was saved."""

    lang: str
    spk_id: int
    speed: float
    volume: float
    sample_rate: int
    duration: float
    save_path: None = None
    audio: str


class SpeechAnswer(Struct, frozen=True, kw_only=True):
    """Answers `POST /paddlespeech/tts`."""

    success: Literal[True] = True
    code: Literal[200] = 200
    message: SuccessMessage = SuccessMessage(description="success.")
    result: Said


class TextResult(Struct, frozen=True, kw_only=True):
    """The text with punctuation."""

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
    error: what a program can switch on.
    """

    success: Literal[False] = False
    code: int
    message: FailureMessage
    error: ErrorCode
