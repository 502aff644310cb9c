from __future__ import annotations

import pickle

import numpy as np
import pytest

from liusheng.asr.options import VadOptions
from liusheng.asr.types import SAMPLE_RATE, Samples, SpeechActivity
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.asr.vad.silero import FRAME_SECONDS
from tests.support.level_detector import LevelDetector

VAD = VadOptions()


def audio(*parts: tuple[float, bool]) -> Samples:
    """Return seconds of speech and of silence."""
    return np.concatenate(
        [np.full(round(s * SAMPLE_RATE), 0.5 * spoken, np.float32) for s, spoken in parts]
    )


def listened(
    samples: Samples, step: float = 0.1, endpoint: float | None = None
) -> list[SpeechActivity]:
    ear = SpeechActivityDetector(VAD, LevelDetector())
    state = ear.open(endpoint)
    size = round(step * SAMPLE_RATE)
    found = []
    for start in range(0, len(samples), size):
        state, noticed = ear.listen(
            pickle.loads(pickle.dumps(state)), samples[start : start + size]
        )
        found.append(noticed)
    return found


def test_silence_is_noticed_as_such() -> None:
    last = listened(audio((2, False)))[-1]
    assert last.begun is None
    assert last.closed == 0.0
    assert last.heard == pytest.approx(2, abs=FRAME_SECONDS)


def test_speech_grows_until_its_pause_and_ends_after_it() -> None:
    found = listened(audio((1, False), (2, True), (1.5, False)))
    speaking = [n for n in found if n.begun is not None]
    assert all(n.begun == pytest.approx(1, abs=FRAME_SECONDS) for n in speaking)
    assert speaking[0].heard < 1 + VAD.onset + 0.15
    assert speaking[-1].speech == pytest.approx(3, abs=FRAME_SECONDS)
    assert speaking[-1].closed == 0.0
    assert found[-1].closed == pytest.approx(3 + VAD.endpoint, abs=2 * FRAME_SECONDS)
    assert found[-1].begun is None


def test_a_stream_may_have_its_own_endpoint() -> None:
    found = listened(audio((2, True), (1, False)), endpoint=0.3)
    assert found[-1].closed == pytest.approx(2.3, abs=2 * FRAME_SECONDS)


def test_it_does_not_matter_how_the_audio_comes() -> None:
    samples = audio((0.5, False), (1.3, True), (0.4, False), (0.9, True), (1.2, False))
    assert listened(samples, 0.1)[-1] == listened(samples, 10.0)[-1]
