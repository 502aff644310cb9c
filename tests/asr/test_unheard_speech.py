"""Is every sentence heard, whatever it is spoken like? With the default models."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from liusheng.asr.load import load
from liusheng.asr.offline import second_hearing
from liusheng.asr.offline.engine import Effort, Window
from liusheng.asr.offline.moonshine import MoonshineEngine
from liusheng.asr.options import MoonshineOptions
from liusheng.asr.recognizer import Recognizer
from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.pcm import Samples
from liusheng.audio.resample import resample
from liusheng.bench.joins import join
from liusheng.bench.recordings import read_manifest, read_samples
from liusheng.bench.scoring import deleted
from liusheng.bench.transcribe import transcribe_live
from liusheng.models.store import Store
from liusheng.tts.load import load as load_voices
from liusheng.tts.types import SAMPLE_RATE as VOICE_RATE
from liusheng.tts.types import SpeechRequest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

FIRST, SECOND = "今天下午我们去公园散步。", "请大家准时参加明天的会议。"
Audio = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    store = Store()
    return load([store.open("whisper-base"), store.open("libime-zh")])


@pytest.fixture(scope="module")
def spoken() -> tuple[Audio, Audio]:
    voice = load_voices([Store().open("liusheng-zh-en")])
    made = []
    for text in (FIRST, SECOND):
        blocks = [block.samples for block in voice.speak(SpeechRequest(text))]
        samples = resample(np.concatenate(blocks), VOICE_RATE, SAMPLE_RATE)
        made.append(_at(-26.0, samples.astype(np.float64)))
    return made[0], made[1]


def _at(level: float, samples: Audio) -> Audio:
    return np.asarray(samples * 10 ** (level / 20) / np.sqrt(np.square(samples).mean()))


def _pause(seconds: float) -> Audio:
    return np.random.default_rng(1).normal(0, 1e-4, int(seconds * SAMPLE_RATE))


def _whispered(samples: Audio) -> Audio:
    """Return speech with noise in place of the voice: its spectral envelope, random phases."""
    size, hop = 512, 128
    window = np.hanning(size)
    generator = np.random.default_rng(2)
    out = np.zeros(len(samples) + size)
    smooth = np.ones(13) / 13  # 400 Hz: wider than the distance of harmonics
    for at in range(0, len(samples) - size, hop):
        spectrum = np.abs(np.fft.rfft(samples[at : at + size] * window))
        phases = np.exp(2j * np.pi * generator.random(len(spectrum)))
        envelope = np.convolve(spectrum, smooth, mode="same")
        out[at : at + size] += np.fft.irfft(envelope * phases) * window
    return _at(-40.0, out[: len(samples)])


def _shouted(samples: Audio) -> Audio:
    return np.tanh(12 * samples)


def _music(length: int) -> Audio:
    """Return chords of plucked strings."""
    generator = np.random.default_rng(3)
    music = np.zeros(length + SAMPLE_RATE)
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for at in range(0, length, SAMPLE_RATE // 3):
        for pitch in 196 * 2 ** (generator.choice([0, 4, 7, 12], 2) / 12):
            for harmonic in range(1, 6):
                tone = np.sin(2 * np.pi * pitch * harmonic * t) * np.exp(-4 * t) / harmonic
                music[at : at + SAMPLE_RATE] += tone
    return music[:length]


def _over_music(first: Audio, second: Audio) -> list[Audio]:
    both = np.concatenate([first, _pause(0.4), second])
    return [both + _at(-36.0, _music(len(both)))]


@pytest.mark.parametrize(
    "way", ["a level", "quiet", "whisper", "shout", "music", "expressive", "three times"]
)
def test_no_sentence_is_lost(recognizer: Recognizer, spoken: tuple[Audio, Audio], way: str) -> None:
    first, second = spoken
    half = len(first) // 2
    said = {
        "a level": ([first, _pause(0.4), _at(-46.0, second)], (FIRST, SECOND)),
        "quiet": ([_at(-50.0, first), _pause(0.4) / 10, _at(-50.0, second)], (FIRST, SECOND)),
        "whisper": ([_whispered(first), _pause(0.4), second], (FIRST, SECOND)),
        "shout": ([first, _pause(0.4), _shouted(second)], (FIRST, SECOND)),
        "music": (_over_music(first, second), (FIRST, SECOND)),
        "expressive": (
            [first[:half], _pause(0.6), first[half:], _pause(0.7), _at(-20.0, second)],
            (FIRST, SECOND),
        ),
        "three times": ([first, _pause(0.3), first, _pause(0.3), first], (FIRST,) * 3),
    }
    audio, parts = said[way]
    samples = np.concatenate([_pause(0.3), *audio, _pause(0.3)]).astype(np.float32)
    text = transcribe_live(recognizer, samples, "zh", len(samples) / SAMPLE_RATE + 1).text
    lacking = deleted(parts, text, "zh")
    assert all(2 * lost <= count for lost, count in lacking), (text, lacking)


def _hum(seed: int) -> Samples:
    """Return a tune that is hummed."""
    generator = np.random.default_rng(seed)
    notes = []
    for pitch in generator.choice([130, 146, 164, 174, 196], 6):
        t = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
        phase = 2 * np.pi * pitch * t + 0.15 * np.sin(2 * np.pi * 5 * t)
        note = sum(np.sin(k * phase) / (1 + ((k * pitch - 250) / 60) ** 2) for k in range(1, 20))
        notes.append(note * np.minimum(1, np.minimum(t / 0.1, (0.5 - t) / 0.15)))
    return _at(-20.0, np.concatenate(notes)).astype(np.float32)


def test_nobody_is_thanked_for_watching_a_hum() -> None:
    engine = MoonshineEngine(Store().open("moonshine-tiny-en"), MoonshineOptions())
    hums = [Window(_hum(seed), "en", speech=(0.0, 3.0), certain=((1.0, 1.2),)) for seed in range(4)]
    for effort in Effort:
        for heard in second_hearing.decode(engine, hums, effort):
            text = "".join(piece.text for piece in heard.pieces)
            assert sum(map(str.isalpha, text)) <= 16, text


@pytest.mark.skipif(
    "LIUSHENG_EVAL_SET" not in os.environ,
    reason="LIUSHENG_EVAL_SET names no manifest of recordings",
)
def test_no_sentence_of_joined_recordings_is_lost(recognizer: Recognizer, tmp_path: Path) -> None:
    recordings = read_manifest(Path(os.environ["LIUSHENG_EVAL_SET"]))
    lost = []
    for joined in join([r for r in recordings if r.lang == "zh"], 12, tmp_path, seed=5):
        samples = read_samples(joined.path)
        turn = len(samples) / SAMPLE_RATE + 1
        text = transcribe_live(recognizer, samples, "zh", turn).text
        if any(2 * lacking > count for lacking, count in deleted(joined.parts, text, "zh")):
            lost.append((joined.id, text))
    assert lost == []
