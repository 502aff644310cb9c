"""`GET /api/info`: the version, models, voices and limits of this server."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from liusheng import __version__
from liusheng.models.catalogue import Catalogue
from liusheng.protocol import asr, tts
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.config.limits import LimitSettings
from liusheng.server.config.llm import LlmSettings
from liusheng.tts.types import Voice


class RecognitionInfo(Struct, frozen=True, kw_only=True):
    """Recognition.

    models: the name of the model for each value of `lang`, including "auto".
    sample_rate: of the audio that clients send, in hertz.
    """

    models: dict[str, str]
    sample_rate: int = asr.SAMPLE_RATE


class VoiceInfo(Struct, frozen=True, kw_only=True):
    """A voice; see `liusheng.tts.types.Voice`.

    id: the wire's `spk_id`.
    name: the wire's `voice`.
    licence: of its model, as the catalogue has it; "": the model is a folder of the operator.
    notice: what the catalogue says that users of the model must know; "": nothing.
    """

    id: int
    name: str
    languages: tuple[str, ...]
    gender: str
    model: str
    licence: str
    notice: str


class SynthesisInfo(Struct, frozen=True, kw_only=True):
    """Synthesis.

    sample_rate: of the audio that is sent, in hertz.
    """

    voices: tuple[VoiceInfo, ...]
    sample_rate: int = tts.SAMPLE_RATE


class LimitsInfo(Struct, frozen=True, kw_only=True):
    """The limits of clients; each is the setting of the same name."""

    idle_seconds: float
    max_packet_bytes: int
    max_queued_seconds: float
    max_session_seconds: float
    max_text_chars: int


class ConversationInfo(Struct, frozen=True, kw_only=True):
    """Conversations over OpenAI's Realtime API. model: the language model that answers."""

    model: str


class Info(Struct, frozen=True, kw_only=True):
    """Answers GET /api/info; `asr`, `tts` or `conversation` is null if the server has none."""

    name: str = "liusheng"
    version: str = __version__
    asr: RecognitionInfo | None
    tts: SynthesisInfo | None
    conversation: ConversationInfo | None = None
    limits: LimitsInfo


def describe(
    recognition: RecognitionService | None,
    synthesis: SpeechMaker | None,
    limits: LimitSettings,
    llm: LlmSettings,
) -> Info:
    """Return the information. recognition, synthesis: started; None: the server has none."""
    converses = bool(recognition and synthesis and llm.address)
    return Info(
        asr=RecognitionInfo(models=recognition.description.models) if recognition else None,
        tts=SynthesisInfo(voices=tuple(_voice(voice) for voice in synthesis.voices))
        if synthesis
        else None,
        conversation=ConversationInfo(model=llm.model) if converses else None,
        limits=msgspec.convert(limits, LimitsInfo, from_attributes=True),
    )


def _voice(voice: Voice) -> VoiceInfo:
    catalogue = Catalogue.default()
    licence = notice = ""
    if voice.model in catalogue:
        model = catalogue[voice.model]
        licence, notice = model.licence, " ".join(model.notice.split())
    return VoiceInfo(
        id=voice.id,
        name=voice.name,
        languages=voice.languages,
        gender=voice.gender,
        model=voice.model,
        licence=licence,
        notice=notice,
    )
