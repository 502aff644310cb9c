"""What a voice costs on this machine, measured in a worker before the server accepts sessions."""

from __future__ import annotations

import time
from dataclasses import dataclass

from liusheng.tts.text.growing import GrowingText
from liusheng.tts.types import SAMPLE_RATE, SpeechRequest, Synthesizer, Voice

_TEXTS = {
    "zh": "今天天气很好，我们一起去公园散步吧。",
    "en": "The weather is fine today, so let us take a walk in the park.",
}
_SECONDS = 0.7  # of the clock, after which a voice is asked for no more


@dataclass(frozen=True)
class VoiceTest:
    """A text that was synthesised for a test.

    voice: its name.
    passed, busy: seconds on the clock, and of them those for which the worker was busy.
    seconds: of audio that was made.
    """

    voice: str
    passed: float
    busy: float
    seconds: float


def measure(synthesizer: Synthesizer, voice: Voice) -> VoiceTest:
    """Synthesise a short text, or the beginning of it."""
    language = next((each for each in voice.languages if each in _TEXTS), "zh")
    text = GrowingText(_TEXTS[language], last=True)
    began = time.perf_counter(), time.process_time()
    samples = 0
    for block in synthesizer.follow(SpeechRequest(text.text, voice.name), text):
        samples += len(block.samples) if block else 0
        if time.perf_counter() - began[0] > _SECONDS:
            break
    passed, used = time.perf_counter() - began[0], time.process_time() - began[1]
    return VoiceTest(voice.name, passed, min(passed, used), samples / SAMPLE_RATE)
