"""What OpenAI's names of models and voices stand for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from liusheng.asr.capabilities import Capabilities
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.runtime.recognition.messages import RecognizerDescription
from liusheng.server.openai_names import language_for, voice_for
from liusheng.tts.types import Voice

MODELS = {"auto": "whisper", "zh": "whisper", "en": "moonshine"}
RECOGNITION: Any = SimpleNamespace(
    description=RecognizerDescription(
        {lang: Capabilities(model) for lang, model in MODELS.items()}, sticky=False
    )
)
SYNTHESIS: Any = SimpleNamespace(
    voices=(
        Voice(0, "baker", ("zh",), "female", "baker-zh"),
        Voice(1, "heart", ("en",), "female", "hibari"),
        Voice(2, "soul", ("en",), "male", "hibari"),
    )
)


@pytest.mark.parametrize(
    ("model", "language", "expected"),
    [
        ("whisper-1", "", "auto"),
        ("whisper-1", "en", "en"),
        ("whisper", "", "auto"),
        ("whisper", "zh", "zh"),
        ("moonshine", "", "en"),
        ("moonshine", "zh", "zh"),
    ],
)
def test_the_language_of_a_recognition(model: str, language: str, expected: str) -> None:
    assert language_for(model, language, RECOGNITION) == expected


@pytest.mark.parametrize(
    ("model", "voice", "expected"),
    [
        ("tts-1", "alloy", "baker"),
        ("tts-1", "soul", "soul"),
        ("hibari", "nova", "heart"),
        ("hibari", "baker", "baker"),
    ],
)
def test_the_voice_of_a_speech(model: str, voice: str, expected: str) -> None:
    assert voice_for(model, voice, SYNTHESIS) == expected


def test_unknown_names_are_refused_with_those_there_are() -> None:
    with pytest.raises(ProtocolError, match=r'"large".* use moonshine or whisper,') as caught:
        language_for("large", "", RECOGNITION)
    assert caught.value.code is ErrorCode.UNKNOWN_MODEL
    with pytest.raises(ProtocolError, match=r'"large".* use baker-zh or hibari,') as caught:
        voice_for("large", "alloy", SYNTHESIS)
    assert caught.value.code is ErrorCode.UNKNOWN_MODEL
    with pytest.raises(ProtocolError, match=r'"bob"; the voices are baker, heart, soul') as caught:
        voice_for("tts-1", "bob", SYNTHESIS)
    assert caught.value.code is ErrorCode.UNKNOWN_VOICE
