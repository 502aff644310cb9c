"""What OpenAI's names of models, voices and languages stand for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from liusheng.asr.capabilities import Capabilities
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.runtime.recognition.messages import RecognizerDescription
from liusheng.server.openai_names import OpenAINames
from liusheng.tts.types import Voice

MODELS = {"auto": "whisper", "zh": "whisper", "en": "moonshine"}
RECOGNITION: Any = SimpleNamespace(
    description=RecognizerDescription(
        {lang: Capabilities(model) for lang, model in MODELS.items()}, sticky=False
    ),
    languages=frozenset({"zh", "en"}),
)
SYNTHESIS: Any = SimpleNamespace(
    voices=(
        Voice(0, "baker", ("zh",), "female", "baker-zh"),
        Voice(1, "heart", ("en",), "female", "hibari"),
        Voice(2, "soul", ("en",), "male", "hibari"),
        Voice(3, "both", ("zh", "en"), "male", "bilingual"),
    )
)
NAMES = OpenAINames(RECOGNITION, SYNTHESIS)


@pytest.mark.parametrize(
    ("model", "language", "expected"),
    [
        ("whisper-1", "", "auto"),
        ("whisper-1", "en", "en"),
        ("gpt-4o-transcribe", "English", "en"),
        ("", "zh-CN", "zh"),
        ("", "", "auto"),
        ("whisper", "", "auto"),
        ("whisper", "zh", "zh"),
        ("moonshine", "", "en"),
        ("moonshine", "zh", "zh"),
    ],
)
def test_the_language_of_a_recognition(model: str, language: str, expected: str) -> None:
    assert NAMES.language(model, language) == expected


@pytest.mark.parametrize(
    ("model", "voice", "expected"),
    [
        ("tts-1", "alloy", "baker"),
        ("tts-1", "soul", "soul"),
        ("hibari", "nova", "heart"),
        ("hibari", "baker", "baker"),
        ("kokoro", "af_bella", "heart"),
        ("kokoro", "bm_george", "soul"),
        ("kokoro", "zf_xiaobei", "baker"),
        ("kokoro", "zm_yunxi", "both"),
        ("kokoro", "jf_alpha", "baker"),
        ("hibari", "zm_yunxi", "soul"),
        ("kokoro", "soul(2)+af_sky(1)", "soul"),
        ("kokoro", "af_bella+soul", "soul"),
        ("kokoro", "am_adam(0.5)+af_sky", "soul"),
    ],
)
def test_the_voice_of_a_speech(model: str, voice: str, expected: str) -> None:
    assert NAMES.voice(model, voice) == expected


def test_unknown_names_are_refused_with_those_there_are() -> None:
    with pytest.raises(ProtocolError, match=r'"large".* use moonshine or whisper,') as caught:
        NAMES.language("large", "")
    assert caught.value.code is ErrorCode.UNKNOWN_MODEL
    with pytest.raises(ProtocolError, match=r'"large".* baker-zh or bilingual or') as caught:
        NAMES.voice("large", "alloy")
    assert caught.value.code is ErrorCode.UNKNOWN_MODEL
    with pytest.raises(
        ProtocolError, match=r'"bob"; the voices are baker, both, heart, soul.*openai\.any_name'
    ) as caught:
        NAMES.voice("tts-1", "bob")
    assert caught.value.code is ErrorCode.UNKNOWN_VOICE
    with pytest.raises(ProtocolError, match=r'"tlh"') as caught:
        NAMES.language("whisper-1", "tlh")
    assert caught.value.code is ErrorCode.NOT_SUPPORTED_BY_MODEL


def test_by_setting_any_name_stands_for_the_default() -> None:
    names = OpenAINames(RECOGNITION, SYNTHESIS, any_name=True)
    names.check_model("Systran/faster-whisper-large-v3")
    assert names.language("large", "") == "auto"
    assert names.language("moonshine", "") == "en"
    assert names.voice("large", "bob") == "baker"
    assert names.voice("hibari", "bob") == "heart"


def test_the_models_in_use() -> None:
    assert NAMES.models == ["whisper", "moonshine", "baker-zh", "hibari", "bilingual"]
    assert OpenAINames(None, SYNTHESIS).models == ["baker-zh", "hibari", "bilingual"]
    for name in (*NAMES.models, "whisper-1", "tts-1-hd", "kokoro"):
        NAMES.check_model(name)
    with pytest.raises(ProtocolError):
        NAMES.check_model("gpt-9")
