"""Where marks go, with a network that decides by the token before them."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import sherpa_onnx
from tests.support.tiny_punctuation import MARKS, tiny_punctuation

from liusheng.asr.text.punctuation import Punctuator
from liusheng.models.types import Kind


@pytest.fixture(scope="module")
def punctuator(tmp_path_factory: pytest.TempPathFactory) -> Punctuator:
    return Punctuator(tiny_punctuation(tmp_path_factory.mktemp("tiny")))


@pytest.mark.parametrize(
    ("bare", "marked"),
    [
        ("今天很好你去吗", "今天，很好。你去吗？"),
        ("你好", "你好。"),
        ("好 你好", "好。你好。"),
        ("她来了", "她来了。"),
        ("今天", "今天。"),
        ("二三四", "二三、四。"),
        ("说 OK 再 来", "说 OK。再 来。"),
        ("Yes it is ok I'm off", "Yes, it is ok. I'm off."),
        (" it's  well-known ", "it's  well-known."),
        ("", ""),
        ("  ", ""),
    ],
)
def test_marks(punctuator: Punctuator, bare: str, marked: str) -> None:
    assert punctuator.punctuate(bare) == marked


@pytest.mark.parametrize("sentence", ["我很好", "今天我来", "一二四五六七八九十", "好"])
@pytest.mark.parametrize("times", [7, 40, 333])
def test_long_texts_lose_nothing(punctuator: Punctuator, sentence: str, times: int) -> None:
    marked = punctuator.punctuate(sentence * times)
    assert "".join(c for c in marked if c not in "，。") == sentence * times
    assert marked.endswith("。")
    assert marked.count("好。") == sentence.count("好") * times


def test_a_long_sentence_is_cut_at_a_comma(punctuator: Punctuator) -> None:
    marked = punctuator.punctuate("今天我来" * 99)
    assert marked.startswith("今天，我来今天，")
    assert marked.count("天。") == 1, "at the last comma of a window of 200"


def test_sherpa_onnx_says_the_same(tmp_path: Path) -> None:
    model = tiny_punctuation(tmp_path)
    files = sherpa_onnx.OfflinePunctuationModelConfig(ct_transformer=str(model.files["model"]))
    theirs = sherpa_onnx.OfflinePunctuation(sherpa_onnx.OfflinePunctuationConfig(model=files))
    ours = Punctuator(model)
    dice = random.Random(1)
    for _ in range(200):
        letters = "".join(dice.choices("一二四五六七八九十人天好吗三", k=dice.randint(1, 120)))
        said = theirs.add_punctuation(letters)
        # A sentence of two tokens at the beginning of a window is lost there, now and then.
        if "".join(c for c in said if c not in "，。？、") == letters:
            assert ours.punctuate(letters) == said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"marks": MARKS[:-1]}, "must include"),
        ({"unknown": "?"}, "must include"),
        ({"unknown": ""}, "lacks the metadata unk_symbol"),
    ],
)
def test_metadata_that_will_not_do(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Punctuator(tiny_punctuation(tmp_path, **changes))


def test_files_that_will_not_do(tmp_path: Path) -> None:
    model = tiny_punctuation(tmp_path)
    with pytest.raises(ValueError, match="not a model for punctuation"):
        Punctuator(replace(model, kind=Kind.WHISPER))
    model.files["model"].write_bytes(b"x")
    with pytest.raises(ValueError, match="cannot be read"):
        Punctuator(model)
