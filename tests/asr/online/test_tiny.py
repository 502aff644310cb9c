"""The model that is in the package: spoken digits and commands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from liusheng.asr.in_process import InProcessStream
from liusheng.asr.online import recognizer as sherpa_online
from liusheng.asr.options import OnlineOptions
from liusheng.asr.recognizer import Recognizer
from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import Samples
from liusheng.models.store import Store

pytestmark = pytest.mark.slow

CLIPS = sorted((Path(__file__).parents[2] / "data" / "tiny").glob("*.flac"))
SAID = [clip for clip in CLIPS if not clip.stem.startswith("other")]
OTHER = [clip for clip in CLIPS if clip.stem.startswith("other")]
PACKET = 1360


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> Recognizer:
    """From a store in which nothing was ever fetched."""
    return sherpa_online.load(Store(tmp_path_factory.mktemp("empty")).open("tiny"))


def samples_of(clip: Path) -> Samples:
    return np.concatenate(list(decode_file(clip, SAMPLE_RATE)))


def words_in(recognizer: Recognizer, samples: Samples) -> list[str]:
    """The words of all utterances; Mandarin ones character by character."""
    stream = InProcessStream(recognizer)
    words: list[str] = []
    for at in range(0, len(samples), PACKET):
        outcome = stream.advance(samples[at : at + PACKET], at + PACKET >= len(samples))
        for utterance in outcome.closed:
            words += [word.text.strip("，。,.").lower() for word in utterance.words]
    return words


def expected(clip: Path) -> list[str]:
    """What a file's name says is said in it: 二零零六.flac, three-four.flac."""
    return clip.stem.split("-") if clip.stem.isascii() else list(clip.stem)


def test_there_are_clips() -> None:
    assert len(SAID) >= 8
    assert len(OTHER) >= 3


@pytest.mark.parametrize("clip", SAID, ids=lambda clip: clip.stem)
def test_clips_are_recognised(recognizer: Recognizer, clip: Path) -> None:
    assert words_in(recognizer, samples_of(clip)) == expected(clip)


@pytest.mark.parametrize("clip", OTHER, ids=lambda clip: clip.stem)
def test_other_speech_gives_nothing(recognizer: Recognizer, clip: Path) -> None:
    assert words_in(recognizer, samples_of(clip)) == []


@pytest.mark.parametrize("level", [0.0, 0.003, 0.1])
def test_noise_gives_nothing(recognizer: Recognizer, level: float) -> None:
    noise = np.random.default_rng(2).normal(0, 1, 8 * SAMPLE_RATE) * level
    assert words_in(recognizer, noise.astype(np.float32)) == []


@pytest.mark.slow
def test_silence_that_is_skipped_costs_no_word(tmp_path: Path) -> None:
    model = Store(tmp_path).open("tiny")
    room = np.random.default_rng(3).normal(0, 0.0005, 4 * SAMPLE_RATE).astype(np.float32)
    pieces = [room]
    for clip in SAID:
        pieces += [samples_of(clip), room[: int((0.3 + len(pieces) % 5) * SAMPLE_RATE)]]
    everything = np.concatenate(pieces)
    heard = [
        words_in(sherpa_online.load(model, OnlineOptions(skip_silence=skip)), everything)
        for skip in (True, False)
    ]
    assert heard[0] == heard[1]
    assert len(heard[0]) >= sum(len(expected(clip)) for clip in SAID) - 2
