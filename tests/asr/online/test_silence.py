"""Silence is not computed, and nobody can tell from the text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from liusheng.asr.in_process import InProcessStream
from liusheng.asr.online import recognizer as sherpa_online
from liusheng.asr.online.recognizer import SherpaOnline
from liusheng.asr.options import OnlineOptions
from liusheng.asr.recognizer import Outcome
from liusheng.asr.types import Utterance
from liusheng.asr.vad.segments import FRAME
from liusheng.asr.vad.silero import SileroVad
from liusheng.audio.pcm import Samples
from liusheng.models.types import InstalledModel

pytestmark = pytest.mark.slow

Models = Callable[[str], InstalledModel]
EVERY = (
    "lstm-transducer",
    "nemo-ctc",
    "online-paraformer",
    pytest.param("zipformer2-transducer", marks=pytest.mark.slow),
    pytest.param("zipformer2-ctc", marks=pytest.mark.slow),
)
PACKET = 1360


class Loudness:
    """A speech detector for which everything loud is speech."""

    def open(self) -> Samples:
        return np.zeros(0, np.float32)

    def probabilities(self, state: Samples, samples: Samples) -> tuple[Samples, Samples]:
        audio = np.concatenate([state, samples])
        frames = len(audio) // FRAME
        loud = np.abs(audio[: frames * FRAME].reshape(frames, FRAME)).max(1, initial=0) > 0.02
        return audio[frames * FRAME :], loud.astype(np.float32)


class Counting:
    """A native recogniser whose steps are counted."""

    def __init__(self, native: Any) -> None:
        self._native = native
        self.steps = 0

    def decode_streams(self, streams: Sequence[Any]) -> None:
        self.steps += len(streams)
        self._native.decode_streams(streams)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._native, name)


def load(
    model: InstalledModel, detector: Loudness | SileroVad | None = None, **options: Any
) -> SherpaOnline:
    recognizer = sherpa_online.load(model, OnlineOptions(**options), detector or Loudness())
    recognizer._native = Counting(recognizer._native)
    return recognizer


def hear(recognizer: SherpaOnline, samples: Samples, size: int = PACKET) -> list[Outcome]:
    stream = InProcessStream(recognizer)
    return [
        stream.advance(samples[at : at + size], at + size >= len(samples))
        for at in range(0, len(samples), size)
    ]


def steps(recognizer: SherpaOnline) -> int:
    assert isinstance(recognizer._native, Counting)
    return recognizer._native.steps


def utterances(outcomes: Sequence[Outcome]) -> list[Utterance]:
    return [utterance for outcome in outcomes for utterance in outcome.closed]


def noise(seconds: float) -> Samples:
    random = np.random.default_rng(1)
    return (random.standard_normal(round(seconds * 16_000)) * 2e-4).astype(np.float32)


@pytest.fixture(params=EVERY)
def model(request: pytest.FixtureRequest, tiny_model: Models) -> InstalledModel:
    return tiny_model(request.param)


def test_speech_with_pauses_gives_the_same(model: InstalledModel, speech: Samples) -> None:
    # With so long a pre-roll the model hears what it would have heard, if later.
    skipping = load(model, pre_roll=5.0)
    plain = load(model, skip_silence=False)
    found = utterances(hear(skipping, speech))
    assert found == utterances(hear(plain, speech))
    assert len(found) >= 2
    assert steps(skipping) <= steps(plain)


@pytest.mark.parametrize("detector", [Loudness, pytest.param(SileroVad, marks=pytest.mark.slow)])
def test_the_cut_into_packets_does_not_matter(
    model: InstalledModel, speech: Samples, detector: Callable[[], Loudness | SileroVad]
) -> None:
    samples = np.concatenate([speech[:64_000], noise(4.0), speech[64_000:]])
    recognizer = load(model, detector())
    whole = utterances(hear(recognizer, samples, len(samples)))
    for size in (333, 4800, 100_000):
        assert utterances(hear(recognizer, samples, size)) == whole


def test_a_long_silence_costs_nothing(model: InstalledModel, speech: Samples) -> None:
    recognizer = load(model)
    hear(recognizer, speech[:48_000])
    alone = steps(recognizer)
    samples = np.concatenate([noise(8.0), speech[:48_000], noise(20.0), speech[:48_000]])
    recognizer = load(model)
    found = utterances(hear(recognizer, samples))
    # Twice the speech, and the hang-over before and the pre-roll after the silence.
    assert steps(recognizer) <= 2 * alone + 8
    words = [word for utterance in found for word in utterance.words]
    for word in words:
        assert 8.0 <= word.start <= 11.5 or 31.0 <= word.start <= 34.5
    assert any(word.start < 12 for word in words)
    assert any(word.start > 30 for word in words)


def test_an_utterance_is_closed_when_the_model_would_have(
    model: InstalledModel, speech: Samples
) -> None:
    samples = np.concatenate([speech[:48_000], noise(4.0)])
    closed_at = []
    for skip in (True, False):
        at = 0.0
        for outcome in hear(load(model, skip_silence=skip), samples):
            at += PACKET / 16_000
            if outcome.closed:
                closed_at.append(at)
                break
    with_skipping, without = closed_at
    # Paraformer's steps, in which tokens have no better place, are 0.6 s.
    assert with_skipping == pytest.approx(without, abs=0.65)


def test_the_last_word_does_not_wait(model: InstalledModel, speech: Samples) -> None:
    recognizer = load(model, rule2_min_trailing_silence=30.0)
    samples = np.concatenate([speech[:48_000], noise(3.0)])
    stream = InProcessStream(recognizer)
    outcome = stream.advance(samples)
    before = steps(recognizer)
    text = outcome.partial.text
    outcome = stream.advance(noise(0.1), last=True)
    assert steps(recognizer) == before, "nothing is left to compute"
    assert outcome.closed[0].text.rstrip("。") == text


def test_speech_at_the_very_end_is_recognised(model: InstalledModel, speech: Samples) -> None:
    loud = np.flatnonzero(np.abs(speech) > 0.02)[0]
    samples = np.concatenate([noise(5.0), speech[loud : loud + 12_000]])
    [utterance] = utterances(hear(load(model), samples))
    assert utterance.start >= 4.9


def test_turns_are_wanted_when_a_step_is_due(model: InstalledModel, speech: Samples) -> None:
    recognizer = load(model)
    stream = InProcessStream(recognizer)
    outcome = stream.advance(speech[:16_000])
    for _ in range(5):
        before = steps(recognizer)
        size = outcome.step
        assert size is not None
        at = 16_000
        stream.advance(speech[at : at + size - 400])
        assert steps(recognizer) == before, "not before"
        outcome = stream.advance(speech[at + size - 400 : at + size])
        for _ in range(2):
            # Features of some models come a frame later than they might.
            if steps(recognizer) == before:
                outcome = stream.advance(speech[:160])
        assert steps(recognizer) == before + 1


def test_noise_that_is_taken_for_speech_is_forgotten(model: InstalledModel) -> None:
    crack = np.concatenate([noise(1.0), np.full(800, 0.03, np.float32), noise(9.0)])
    samples = np.concatenate([crack] * 3)
    recognizer = load(model)
    outcomes = hear(recognizer, samples)
    assert steps(recognizer) * recognizer._timing.shift / 100 < 9.0
    # Nothing was said, so a stream begins afresh and its audio is not kept.
    assert outcomes[-2].needs > 29 * 16_000


@pytest.mark.slow
def test_silero_lets_speech_through(tiny_model: Models, phrases: Samples) -> None:
    model = tiny_model("zipformer2-ctc")
    samples = np.concatenate([phrases, noise(20.0), phrases])
    skipping, plain = load(model, SileroVad()), load(model, skip_silence=False)
    found = "".join(u.text for u in utterances(hear(skipping, samples)))
    every = "".join(u.text for u in utterances(hear(plain, samples)))
    assert len(found) >= 0.9 * len(every)
    assert steps(skipping) < 0.7 * steps(plain)
