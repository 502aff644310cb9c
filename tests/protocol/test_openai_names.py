"""Which names are OpenAI's, or Kokoro's."""

from __future__ import annotations

import pytest

from liusheng.protocol.openai_names import blended, is_model, kokoro_voice

KNOWN = """
whisper-1 gpt-transcribe gpt-4o-transcribe gpt-4o-mini-transcribe gpt-4o-transcribe-diarize
gpt-4o-mini-transcribe-2025-12-15 gpt-4o-transcribe-latest gpt-realtime-whisper gpt-live-transcribe
tts-1 tts-1-hd tts-1-1106 tts-1-hd-1106 gpt-4o-mini-tts gpt-4o-mini-tts-2025-03-20 kokoro
"""


@pytest.mark.parametrize("name", KNOWN.split())
def test_models(name: str) -> None:
    assert is_model(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "gpt-9",
        "gpt-4o",
        "whisper",
        "whisper-",
        "my-tts-1",
        "gpt-4o-transcriber",
        "tts-1 ",
        "gpt" + "-tts" * 100,
    ],
)
def test_other_names(name: str) -> None:
    assert not is_model(name)


def test_kokoros_voices() -> None:
    assert kokoro_voice("af_heart") == ("en", "female")
    assert kokoro_voice("zm_yunxi") == ("zh", "male")
    assert kokoro_voice("alloy") is None
    assert kokoro_voice("xf_heart") is None


def test_blends() -> None:
    assert blended("af_bella(2)+af_sky(1)") == ["af_bella", "af_sky"]
    assert blended("alloy") == ["alloy"]
