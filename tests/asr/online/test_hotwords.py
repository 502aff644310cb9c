"""Contextual biasing of transducers, with random weights: a strong bias must show in the text."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from string import ascii_uppercase

import pytest

from liusheng.asr.capabilities import Hotwords, NotSupportedError
from liusheng.asr.online import recognizer as sherpa_online
from liusheng.asr.online.recognizer import SherpaOnline
from liusheng.asr.options import BEAM, OnlineOptions
from liusheng.asr.recognizer import Turn
from liusheng.asr.sherpa.metadata import ModelFormatError
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


@pytest.fixture
def bilingual(tiny_model: Models, tmp_path: Path) -> InstalledModel:
    """A transducer whose tokens are capital letters, marks and Chinese characters, with a BPE
    model."""
    model = tiny_model("lstm-transducer")
    lines = model.files["tokens"].read_text(encoding="utf-8").splitlines()
    special = [line.split()[0] for line in lines if line.startswith("<")]
    pieces = ["▁", *ascii_uppercase, "'", ":", "▁QING"]
    han = [chr(0x4E28 + n) for n in range(len(lines) - len(special) - len(pieces))]
    tokens = tmp_path / "tokens.txt"
    tokens.write_text(
        "".join(f"{each} {i}\n" for i, each in enumerate([*special, *pieces, *han])),
        encoding="utf-8",
    )
    vocab = tmp_path / "bpe.vocab"
    vocab.write_text("".join(f"{each}\t{-i}\n" for i, each in enumerate(pieces)), encoding="utf-8")
    return replace(model, files={**model.files, "tokens": tokens, "bpe_vocab": vocab})


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


@pytest.mark.parametrize("word", ["丰丱", "Qing", "Qing 丰", "it's 丰", "丰\u3000Qing"])
def test_words_that_a_model_with_bpe_takes(
    bilingual: InstalledModel, speech: Samples, capfd: pytest.CaptureFixture[str], word: str
) -> None:
    recognizer = sherpa_online.load(bilingual, STRONG)
    assert recognizer.capabilities("zh").hotwords is Hotwords.ANY
    assert recognizer.capabilities("zh").takes_hotword(word)
    plain = hear(recognizer, speech[:32_000])
    biased = hear(recognizer, speech[:32_000], word)
    assert biased != plain, "the library could encode it"
    assert "hotwords" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("word", "unknown"),
    [
        ("丰 :abc", ":"),
        ("丰 #x", "#"),
        ("丰 :1000", ": 1 0"),
        ("a:b", ":"),
        ("@丰", "@"),
        ("TCP/IP", "/"),
        ("丰龘靐", "龘 靐"),
        ("café", "é"),
        ("丰\n:9", ": 9"),
    ],
)
def test_hotwords_that_cannot_be_encoded_are_refused_at_the_start(
    bilingual: InstalledModel, word: str, unknown: str
) -> None:
    recognizer = sherpa_online.load(bilingual, STRONG)
    assert not recognizer.capabilities("zh").takes_hotword(word)
    with pytest.raises(NotSupportedError, match=f"cannot write {unknown};") as refused:
        recognizer.open(StreamParams("zh", hotwords=("丰丱", word)))
    assert repr(word) in str(refused.value)


def test_a_chinese_model_takes_the_characters_that_it_has(chinese: InstalledModel) -> None:
    recognizer = sherpa_online.load(chinese, STRONG)
    recognizer.open(StreamParams("zh", hotwords=("丰丱",)))
    with pytest.raises(NotSupportedError, match="cannot write 龘;"):
        recognizer.open(StreamParams("zh", hotwords=("丰龘",)))


def test_a_hotword_of_spaces_is_refused(bilingual: InstalledModel) -> None:
    with pytest.raises(NotSupportedError, match="no characters"):
        sherpa_online.load(bilingual, STRONG).open(StreamParams("zh", hotwords=("  ",)))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"A -1\nB\n", b"A x\n"])
def test_a_damaged_bpe_vocab_is_an_error(bilingual: InstalledModel, content: bytes) -> None:
    """The library would end the process."""
    bilingual.files["bpe_vocab"].write_bytes(content)
    with pytest.raises(ModelFormatError, match=r"bpe\.vocab"):
        sherpa_online.load(bilingual, STRONG)
