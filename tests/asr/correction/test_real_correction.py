"""The real language model: what it corrects, how fast, and hotwords in real recordings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from liusheng.asr.correction.corrector import Corrector
from liusheng.asr.correction.corrector import load as load_corrector
from liusheng.asr.correction.hotwords import Hotword
from liusheng.asr.in_process import InProcessStream
from liusheng.asr.load import load
from liusheng.asr.options import CorrectionOptions
from liusheng.asr.types import StreamParams
from liusheng.bench.recordings import Recording, read_manifest, read_samples
from liusheng.bench.scoring import Errors, errors
from liusheng.bench.transcribe import simulate_live
from liusheng.models.store import Store

LM = "libime-zh"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not Store().is_installed(LM), reason=f"needs {LM}"),
]


@pytest.fixture(scope="module")
def corrector() -> Corrector:
    return load_corrector(Store().open(LM), CorrectionOptions())


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("甚至出现交易几乎停制的情况", "甚至出现交易几乎停滞的情况"),
        ("而在吴湖市，反昌县也有一名公交司机。", "而在芜湖市，繁昌县也有一名公交司机。"),
        ("毒脉新闻也说奥运组位会责任重大。", "读卖新闻也说奥运组委会责任重大。"),
        ("又舍透过西伯的云舞", "又是透过西伯的云雾"),
        ("我相信很好吃", "我相信很好吃"),
        ("你好 OK", "你好 OK"),
    ],
)
def test_right_sounds_get_the_right_characters(
    corrector: Corrector, heard: str, meant: str
) -> None:
    assert corrector.correct(heard) == meant


NAMES = ("倪浩", "世德", "静丽", "简丹", "柯怡", "芝道", "陈曲澜", "流声", "王雅芳")


@pytest.mark.parametrize(
    "said",
    [
        "你好",
        "你好，请问有什么可以帮您？",
        "先生你好，我是小王。",
        "是的，我知道了。",
        "是的我知道了",
        "这个问题很简单。",
        "可以的，没有问题。",
        "他是经理，经理在吗？",
        "今天天气很好，我们一起去吃饭。",
    ],
)
def test_everyday_words_stay_beside_names_that_sound_like_them(
    corrector: Corrector, said: str
) -> None:
    assert corrector.correct(said, hotwords=[Hotword.of(name) for name in NAMES]) == said


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("请找一下泥号先生", "请找一下倪浩先生"),
        ("我叫尼浩", "我叫倪浩"),
        ("打给世得先生", "打给世德先生"),
        ("陈取兰在哪里", "陈曲澜在哪里"),
        ("我想买留声", "我想买流声"),
        ("王亚方的电话", "王雅芳的电话"),
    ],
)
def test_names_replace_what_is_rare_or_no_word(
    corrector: Corrector, heard: str, meant: str
) -> None:
    assert corrector.correct(heard, hotwords=[Hotword.of(name) for name in NAMES]) == meant


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    if "LIUSHENG_EVAL_SET" not in os.environ:
        pytest.skip("LIUSHENG_EVAL_SET names no manifest of recordings")
    manifest = read_manifest(Path(os.environ["LIUSHENG_EVAL_SET"]))
    return {r.id: r for r in manifest if r.lang == "zh" and "long" not in r.id}


def test_fewer_errors_on_real_recordings(
    corrector: Corrector, recordings: dict[str, Recording]
) -> None:
    plain = load([Store().open("whisper-base")])
    before = after = Errors()
    for recording in list(recordings.values())[::2]:
        samples = read_samples(recording.path)
        # All at once: each utterance is decoded once, as a final.
        outcome = InProcessStream(plain, StreamParams("zh")).advance(samples, last=True)
        text = "".join(u.text for u in outcome.closed)
        before += errors(recording.reference, text, "zh")
        after += errors(recording.reference, corrector.correct(text), "zh")
    assert after.edits < 0.95 * before.edits


def test_hotwords_bring_names_that_come_out_wrong_without(
    recordings: dict[str, Recording],
) -> None:
    names = {"陈曲澜", "西堤牛排", "迪卡侬", "皇城老妈"}
    said = {n: r for n in names for r in recordings.values() if n in r.reference}
    if not said:
        pytest.skip("these names are in none of the recordings")
    recognizer = load([Store().open("whisper-base"), Store().open(LM)])

    def heard(name: str, hotwords: tuple[str, ...]) -> bool:
        samples = read_samples(said[name].path)
        params = StreamParams("zh", hotwords=hotwords)
        outcome = InProcessStream(recognizer, params).advance(samples, last=True)
        return any(name in u.text for u in outcome.closed)

    without = sum(heard(name, ()) for name in said)
    found = sum(heard(name, tuple(names)) for name in said)
    assert found > without
    assert found >= 0.7 * len(said)


def test_stable_text_stays_while_it_is_corrected(recordings: dict[str, Recording]) -> None:
    recognizer = load([Store().open("whisper-base"), Store().open(LM)])
    recording = max(recordings.values(), key=lambda r: len(r.reference))
    shown: dict[int, str] = {}
    for _, outcome in simulate_live(recognizer, read_samples(recording.path), "zh", 0.4):
        for utterance in outcome.closed:
            assert utterance.text.startswith(shown.pop(utterance.index, ""))
        partial = outcome.partial
        stable = partial.text[: partial.stable]
        assert stable.startswith(shown.get(partial.index, ""))
        shown[partial.index] = stable
