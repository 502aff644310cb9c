"""Contextual biasing of transducers, with random weights: a strong bias must show in the text."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from liusheng.asr.capabilities import Hotwords, NotSupportedError
from liusheng.asr.online import recognizer as sherpa_online
from liusheng.asr.online.recognizer import SherpaOnline
from liusheng.asr.options import BEAM, OnlineOptions
from liusheng.asr.recognizer import Turn
from liusheng.asr.types import StreamParams
from liusheng.audio.pcm import Samples, samples_to_pcm
from liusheng.models.types import InstalledModel

pytestmark = pytest.mark.slow

Models = Callable[[str], InstalledModel]
# The beam only sees the tokens that the model likes best: with random weights, let it see many.
STRONG = OnlineOptions(decoding_method=BEAM, max_active_paths=64, hotwords_score=20.0)


@pytest.fixture
def chinese(tiny_model: Models, tmp_path: Path) -> InstalledModel:
    """A transducer whose tokens are Chinese characters."""
    model = tiny_model("lstm-transducer")
    lines = model.files["tokens"].read_text(encoding="utf-8").splitlines()
    special = [line for line in lines if line.startswith("<")]
    tokens = special + [f"{chr(0x4E00 + n)} {n}" for n in range(len(special), len(lines))]
    path = tmp_path / "tokens.txt"
    path.write_text("\n".join(tokens) + "\n", encoding="utf-8")
    return replace(model, files={**model.files, "tokens": path})


def hear(recognizer: SherpaOnline, samples: Samples, *hotwords: str, lost: bool = False) -> str:
    state = recognizer.open(StreamParams("zh", hotwords=hotwords))
    text = ""
    start = 0
    for at in range(0, len(samples), 8_000):
        state = pickle.loads(pickle.dumps(state))
        if lost:
            recognizer.forget([state])
        last = at + 8_000 >= len(samples)
        pcm = samples_to_pcm(samples[start : at + 8_000])
        (outcome,) = recognizer.advance([Turn(state, pcm, start, last)])
        state, start = outcome.state, outcome.needs if lost else at + 8_000
        text += "".join(utterance.text for utterance in outcome.closed)
    return text


def test_a_hotword_shows_in_the_text(chinese: InstalledModel, speech: Samples) -> None:
    recognizer = sherpa_online.load(chinese, STRONG)
    plain = hear(recognizer, speech[:64_000])
    word = "丰丱串"
    assert word not in plain
    biased = hear(recognizer, speech[:64_000], word)
    assert sum(biased.count(c) for c in word) > sum(plain.count(c) for c in word)
    assert hear(recognizer, speech[:64_000]) == plain, "another stream is not biased"


def test_a_stream_that_is_rebuilt_keeps_its_hotwords(
    chinese: InstalledModel, speech: Samples
) -> None:
    recognizer = sherpa_online.load(chinese, STRONG)
    whole = hear(recognizer, speech[:80_000], "丰丱串")
    assert hear(recognizer, speech[:80_000], "丰丱串", lost=True) == whole


def test_supported_parameters(tiny_model: Models, chinese: InstalledModel) -> None:
    greedy = sherpa_online.load(chinese)
    assert greedy.capabilities("zh").hotwords is Hotwords.NONE
    with pytest.raises(NotSupportedError, match="modified_beam_search"):
        greedy.open(StreamParams("zh", hotwords=("国庆",)))
    beam = sherpa_online.load(chinese, STRONG)
    assert beam.capabilities("zh").hotwords is Hotwords.HAN
    with pytest.raises(NotSupportedError, match="2 to 12 Chinese characters"):
        beam.open(StreamParams("zh", hotwords=("Qing",)))
    with pytest.raises(NotSupportedError, match="one endpoint for all streams"):
        beam.open(StreamParams("zh", endpoint=0.3))
    with pytest.raises(NotSupportedError, match="takes no hotwords"):
        sherpa_online.load(tiny_model("nemo-ctc")).open(StreamParams(hotwords=("国庆",)))
