from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liusheng.asr.options import VadOptions
from liusheng.asr.types import SAMPLE_RATE
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.asr.vad.segments import FRAME, SpeechActivity, SpeechSegment
from liusheng.audio.pcm import Samples
from tests.support.examples import examples
from tests.support.level_detector import LevelDetector

VAD = VadOptions()


def samples_in(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def audio(*parts: tuple[float, bool]) -> Samples:
    """Return seconds of speech and of silence."""
    return np.concatenate([np.full(samples_in(s), 0.5 * speech, np.float32) for s, speech in parts])


def detect(
    samples: Samples, sizes: list[int], endpoint: float | None = None, *, last: bool = False
) -> list[SpeechActivity]:
    """Return the activity after each piece of `samples`; the last size counts for the rest."""
    detector = SpeechActivityDetector(VAD, LevelDetector())
    state = detector.open(endpoint)
    found: list[SpeechActivity] = []
    start = 0
    while start < len(samples) or not found:
        size = sizes[min(len(found), len(sizes) - 1)]
        piece = samples[start : start + size]
        start += size
        state = pickle.loads(pickle.dumps(state))
        state, activity = detector.advance(state, piece, last and start >= len(samples))
        found.append(activity)
    return found


def closed(found: list[SpeechActivity]) -> list[SpeechSegment]:
    return [segment for activity in found for segment in activity.closed]


def test_silence_is_no_speech() -> None:
    last = detect(audio((2, False)), [1600])[-1]
    assert (last.end, last.open, last.closed) == (32_000, None, ())
    assert last.needs == pytest.approx(32_000 - VAD.pre_roll * SAMPLE_RATE, abs=FRAME)


def test_speech_grows_until_its_pause_and_ends_after_it() -> None:
    found = detect(audio((1, False), (2, True), (1.5, False)), [1600])
    speaking = [n for n in found if n.open]
    for activity in speaking:
        assert activity.open is not None
        assert activity.open.speech_start == pytest.approx(SAMPLE_RATE, abs=FRAME)
        assert activity.needs == activity.open.start
        assert len(activity.open.probabilities) % 4 == 0
    assert speaking[0].end < samples_in(1 + VAD.onset + 0.15)
    assert speaking[-1].open is not None
    assert speaking[-1].open.speech_end == pytest.approx(samples_in(3), abs=FRAME)
    assert speaking[-1].open.silence == pytest.approx(samples_in(VAD.endpoint), abs=0.15 * 16_000)
    (segment,) = closed(found)
    assert segment.speech_end == pytest.approx(samples_in(3), abs=FRAME)
    assert found[-1].open is None
    (over,) = [activity.end for activity in found if activity.closed]
    assert over == pytest.approx(samples_in(3 + VAD.endpoint), abs=0.1 * SAMPLE_RATE + 2 * FRAME)


def test_a_stream_may_have_its_own_endpoint() -> None:
    found = detect(audio((2, True), (1, False)), [1600], endpoint=0.3)
    (over,) = [activity.end for activity in found if activity.closed]
    assert over == pytest.approx(samples_in(2.3), abs=0.1 * SAMPLE_RATE + 2 * FRAME)


def test_the_last_audio_closes_what_is_open() -> None:
    samples = audio((1, False), (1.001, True))
    assert closed(detect(samples, [1600])) == []
    (segment,) = closed(detect(samples, [1600], last=True))
    assert segment.speech_end >= len(samples)
    assert detect(samples, [1600], last=True)[-1].open is None


@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=20), st.booleans())
@settings(deadline=None, max_examples=examples(30))
def test_it_does_not_matter_how_the_audio_comes(sizes: list[int], last: bool) -> None:
    samples = audio((0.5, False), (1.3, True), (0.4, False), (0.9, True), (1.2, False), (0.7, True))
    whole = detect(samples, [len(samples)], last=last)
    pieces = detect(samples, [*sizes, 4_000], last=last)
    assert closed(pieces) == closed(whole)
    assert (pieces[-1].open, pieces[-1].needs) == (whole[-1].open, whole[-1].needs)
