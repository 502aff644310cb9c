from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liusheng.asr.options import VadOptions
from liusheng.asr.types import SAMPLE_RATE
from liusheng.asr.vad.segmenter import Segmenter, SegmenterState
from liusheng.asr.vad.segments import FRAME, FRAME_SECONDS, SpeechSegment
from liusheng.asr.vad.silero import SileroVad
from liusheng.audio.pcm import Samples
from tests.support.examples import examples

OPTIONS = VadOptions()


def frames(seconds: float) -> int:
    return round(seconds / FRAME_SECONDS)


def segments(
    probabilities: list[float], options: VadOptions = OPTIONS
) -> tuple[SegmenterState, list[SpeechSegment]]:
    return Segmenter(options).advance(SegmenterState(), probabilities)


def silence(seconds: float) -> list[float]:
    return [0.02] * frames(seconds)


def speech(seconds: float) -> list[float]:
    return [0.9] * frames(seconds)


def test_an_utterance_has_pre_roll_and_hang_over() -> None:
    _, found = segments(silence(2) + speech(1) + silence(2))
    begin, end = frames(2), frames(2) + frames(1)
    places = (begin - frames(OPTIONS.pre_roll), end + frames(OPTIONS.hang_over), begin, end)
    first, last, first_speech, last_speech = (place * FRAME for place in places)
    assert found == [SpeechSegment(first, last, first_speech, last_speech)]


def test_an_utterance_tells_how_certain_its_speech_was() -> None:
    curve = silence(1) + speech(2) + [0.4] * 10 + speech(1) + silence(2)
    _, found = segments(curve)
    probabilities = np.frombuffer(found[0].probabilities, "<f4")
    first, last = found[0].speech_start // FRAME, found[0].speech_end // FRAME
    assert probabilities.tolist() == pytest.approx(curve[first:last])


def test_both_parts_of_a_cut_utterance_tell_it() -> None:
    curve = speech(5) + [0.45] * 5 + speech(6)
    state, (first,) = segments(curve, VadOptions(long_after=8.0, max_utterance=10.0))
    _, second = Segmenter(OPTIONS).close(state)
    for segment in (first, second):
        start, end = segment.speech_start // FRAME, segment.speech_end // FRAME
        told = np.frombuffer(segment.probabilities, "<f4").tolist()
        assert told == pytest.approx(curve[start:end])


def test_a_short_sound_is_no_utterance() -> None:
    state, found = segments(silence(1) + speech(0.1) + silence(2))
    assert not found
    assert not state.is_open


def test_a_pause_shorter_than_the_endpoint_closes_nothing() -> None:
    state, found = segments(speech(1) + silence(OPTIONS.endpoint - 0.1) + speech(1))
    assert not found
    assert state.is_open


def test_speech_stays_speech_until_it_falls_below_release() -> None:
    state, found = segments(speech(0.5) + [0.4] * frames(3))
    assert not found
    assert state.silence == 0


def test_what_begins_speech_must_reach_the_threshold() -> None:
    state, _ = segments([0.4] * frames(3))
    assert not state.is_open


def test_a_long_utterance_ends_at_a_lesser_pause() -> None:
    pause = silence((OPTIONS.endpoint + OPTIONS.endpoint_long) / 2)
    assert not segments(speech(3) + pause)[1]
    assert segments(speech(OPTIONS.long_after + 1) + pause)[1]


def test_an_endless_utterance_is_cut_at_the_best_pause_of_its_second_half() -> None:
    options = VadOptions(long_after=8.0, max_utterance=10.0)
    breath = [0.45] * 5
    talk = speech(2) + breath + speech(5) + breath + speech(5)
    state, found = segments(talk, options)
    assert len(found) == 1
    assert found[0].cut
    middle = frames(2) + 5 + frames(5)
    assert middle * FRAME <= found[0].end <= (middle + 5) * FRAME
    assert state.is_open
    assert state.start * FRAME == found[0].end


def test_pre_roll_never_reaches_into_the_utterance_before() -> None:
    options = VadOptions(pre_roll=2.0)
    _, found = segments(speech(1) + silence(0.8) + speech(1) + silence(1), options)
    assert found[1].start == found[0].end


_curve = st.lists(
    st.tuples(st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.95]), st.integers(1, 40)), max_size=20
).map(lambda runs: [p for p, n in runs for _ in range(n)])


@given(_curve, st.lists(st.integers(0, 800), max_size=10))
@settings(deadline=None, max_examples=examples(50))
def test_utterances_do_not_depend_on_how_the_audio_comes(
    curve: list[float], cuts: list[int]
) -> None:
    options = VadOptions(long_after=1.5, max_utterance=3.0)
    segmenter = Segmenter(options)
    state, whole = segmenter.advance(SegmenterState(), curve)
    other, parts, start = SegmenterState(), [], 0
    for end in [*sorted(cuts), len(curve)]:
        other, found = segmenter.advance(other, curve[start:end])
        parts += found
        start = max(start, end)
    assert (other, parts) == (state, whole)


@given(_curve)
@settings(deadline=None, max_examples=examples(50))
def test_utterances_are_in_order_and_not_too_long(curve: list[float]) -> None:
    options = VadOptions(long_after=1.5, max_utterance=3.0)
    segmenter = Segmenter(options)
    state, found = segmenter.advance(SegmenterState(), curve)
    if state.is_open:
        found.append(segmenter.close(state)[1])
    floor = 0
    for segment in found:
        assert floor <= segment.start <= segment.speech_start <= segment.speech_end <= segment.end
        assert segment.end - segment.start <= frames(options.max_utterance) * FRAME
        floor = segment.end
    assert floor <= len(curve) * FRAME


def _noise(seconds: float) -> Samples:
    generator = np.random.default_rng(1)
    return generator.normal(0, 0.1, int(seconds * SAMPLE_RATE)).astype(np.float32)


def test_the_model_is_a_pure_function_of_state_and_samples() -> None:
    vad = SileroVad()
    audio = _noise(1.0)
    _, whole = vad.probabilities(vad.open(), audio)
    state, parts = vad.open(), []
    for start in range(0, len(audio), 700):
        before = state
        state, found = vad.probabilities(before, audio[start : start + 700])
        again = vad.probabilities(before, audio[start : start + 700])[1]
        assert np.array_equal(found, again)
        parts.append(found)
    assert np.allclose(np.concatenate(parts), whole, atol=1e-4)
    assert len(whole) == len(audio) // 512


def test_noise_and_silence_are_not_speech() -> None:
    vad = SileroVad()
    for audio in (_noise(2.0), np.zeros(2 * SAMPLE_RATE, np.float32)):
        assert vad.probabilities(vad.open(), audio)[1][5:].max() < 0.3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold": 0.2}, "release <= threshold"),
        ({"hang_over": 0.9}, "hang_over <= endpoint_long"),
        ({"max_utterance": 5.0}, "long_after <= max_utterance"),
        ({"onset": 0.0}, "0 < onset"),
    ],
)
def test_options_that_make_no_sense_are_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VadOptions(**changes)
