"""The project's own voice: its head on maps, and the shipped network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liusheng.audio.pcm import Samples
from liusheng.models.store import Store
from liusheng.models.types import InstalledModel
from liusheng.tts.blocks import plan_blocks
from liusheng.tts.explain import open_explainer
from liusheng.tts.harmonic_noise.head import BINS, HOP, Head
from liusheng.tts.harmonic_noise.voice import HarmonicNoiseVoice
from liusheng.tts.load import VoiceLoadError, load
from liusheng.tts.router import VoiceRouter
from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.text.types import Clause
from liusheng.tts.types import SpeechMark, SpeechRequest
from tests.support.examples import examples

MIXED = "我在iPhone上用Bluetooth连接，OK吗？"
ROUNDING = 0.5 / 32768


def maps(halves: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.standard_normal((halves, 5 * BINS)) - 3).astype(np.float32)


def curve(halves: int) -> np.ndarray:
    """F0 with voiceless stretches."""
    f0 = 180 + 60 * np.sin(np.arange(halves) / 5)
    f0[:3] = f0[10:16] = 9.0
    return f0.astype(np.float32)


def cut(halves: int, sizes: list[int]) -> list[tuple[int, int]]:
    """Adjacent blocks of these sizes, the last as long as it has to be."""
    ends = [end for end in accumulate(sizes) if end < halves]
    return list(pairwise([0, *ends, halves]))


def test_the_head_gives_what_is_finished_at_once() -> None:
    head = Head(curve(40))
    assert len(head.add(maps(1))) == 0
    assert len(head.add(maps(9))) == 8 * HOP
    assert len(head.add(maps(30))) == 30 * HOP
    assert len(head.rest()) == 2 * HOP


@settings(deadline=None, max_examples=examples(40))
@given(st.integers(1, 60), st.lists(st.integers(1, 30), max_size=60))
def test_the_heads_sound_does_not_depend_on_the_blocks(halves: int, sizes: list[int]) -> None:
    given_maps, f0 = maps(halves), curve(60)[:halves]
    once, head = Head(f0), Head(f0)
    whole = np.concatenate([once.add(given_maps), once.rest()])
    blocks = [head.add(given_maps[start:end]) for start, end in cut(halves, sizes)]
    found = np.concatenate([*blocks, head.rest()])
    assert len(whole) == max(halves, 2) * HOP
    assert np.abs(found - whole).max() < 0.1 * ROUNDING * max(1, np.abs(whole).max())


def test_pulses_are_at_the_pitch() -> None:
    """With a flat filter, the sound repeats itself every period."""
    flat = np.full((60, 5 * BINS), -60, np.float32)
    flat[:, : 2 * BINS] = 0
    head = Head(np.full(60, 240, np.float32))
    sound = head.add(flat)[2400:-2400]
    assert np.corrcoef(sound[:-100], sound[100:])[0, 1] > 0.999  # 24 kHz / 240 Hz
    assert abs(np.corrcoef(sound[:-50], sound[50:])[0, 1]) < 0.2


@pytest.fixture(scope="module")
def model() -> InstalledModel:
    return Store().open("liusheng-zh-en")


@pytest.mark.parametrize("name", ["liusheng-zh-en", "liusheng-zh-en-male"])
def test_the_shipped_files_are_those_of_the_catalogue(name: str) -> None:
    Store().verify(name)


@pytest.fixture(scope="module")
def voice(model: InstalledModel) -> HarmonicNoiseVoice:
    return HarmonicNoiseVoice(model.files, "own", "female")


@pytest.fixture(scope="module")
def synthesizer(model: InstalledModel) -> VoiceRouter:
    return load([model])


@pytest.fixture(scope="module")
def front_end() -> FrontEnd:
    return FrontEnd()


def only(clauses: Iterator[Clause]) -> Clause:
    (clause,) = clauses
    return clause


def spoken(synthesizer: VoiceRouter, text: str) -> tuple[Samples, list[SpeechMark]]:
    blocks = list(synthesizer.speak(SpeechRequest(text)))
    audio = np.concatenate([np.zeros(0, np.float32), *(block.samples for block in blocks)])
    return audio, [mark for block in blocks for mark in block.marks]


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(40))
@given(sizes=st.lists(st.integers(1, 120), max_size=40))
def test_blocks_are_parts_of_the_whole(voice: HarmonicNoiseVoice, sizes: list[int]) -> None:
    plan = voice._network.plan(voice._network.tokens("ni↗xau↓ ʂɨ↘ʨje↘, həlˈO."))
    whole = np.concatenate(list(voice.sounds(plan, [(0, len(plan))])))
    assert len(whole) == len(plan) * HOP
    found = np.concatenate(list(voice.sounds(plan, cut(len(plan), sizes))))
    assert np.abs(found - whole).max() < ROUNDING


@pytest.mark.slow
@pytest.mark.parametrize("first", [1, 2, 3, 5, 16, 80, 200])
@pytest.mark.parametrize("text", ["好。", MIXED.rstrip("？"), "It works, doesn't it?"])
def test_a_clause_sounds_the_same_urgent_or_not(
    voice: HarmonicNoiseVoice, front_end: FrontEnd, text: str, first: int
) -> None:
    for clause in front_end.clauses(text, mixed=True):
        plan = voice._network.plan(voice._network.tokens(" ".join(voice.phones(clause))))
        whole = np.concatenate(list(voice.sounds(plan, [(0, len(plan))])))
        blocks = list(voice.sounds(plan, plan_blocks(len(plan), first)))
        assert np.abs(np.concatenate(blocks) - whole).max() < ROUNDING
        urgent, later = (
            np.concatenate(list(voice.speak(clause, speed=1.0, urgent=urgent)))
            for urgent in (True, False)
        )
        assert np.array_equal(urgent, later), "to the bit, however busy a server is"


@pytest.mark.slow
def test_an_urgent_first_block_is_short(voice: HarmonicNoiseVoice, front_end: FrontEnd) -> None:
    long = only(front_end.clauses("今天下午在图书馆讨论"))
    first, *others = voice.speak(long, speed=1.0, urgent=True)
    assert 0 < len(first) <= 0.2 * 24_000
    assert sum(map(len, others)) > 5 * len(first)


@pytest.mark.slow
@pytest.mark.parametrize("speed", [0.25, 0.5, 1.5, 2.0, 4.0])
def test_speed_and_timings_go_together(
    voice: HarmonicNoiseVoice, front_end: FrontEnd, speed: float
) -> None:
    clause = only(front_end.clauses("今天在图书馆用iPad看书", mixed=True))
    usual, _ = voice.timed(clause, speed=1.0, urgent=False)
    timings, blocks = voice.timed(clause, speed=speed, urgent=False)
    seconds = sum(map(len, blocks)) / 24_000
    assert len(timings) == len(clause.units) == 10
    assert all(timing.start < timing.end <= seconds for timing in timings)
    assert all(before.end <= after.start for before, after in pairwise(timings))
    # A phoneme has 25 ms at least.
    shortest = 2 if speed > 2 else speed
    assert timings[-1].end == pytest.approx(usual[-1].end / shortest, rel=0.3)


@pytest.mark.slow
def test_two_languages_are_one_pass(
    voice: HarmonicNoiseVoice, front_end: FrontEnd, synthesizer: VoiceRouter
) -> None:
    first, second = front_end.clauses("打开Bluetooth设置，连接iPad。", mixed=True)
    assert (first.lang, first.reading) == ("mixed", "打开 Bluetooth 设置")
    assert [part.lang for part in first.parts] == ["zh", "en", "zh"]
    assert second.lang == "mixed"
    (phonemes,) = voice.phones(second)
    assert phonemes == "ljɛ↗nʨje→ ˈIpˌæd."
    _, marks = spoken(synthesizer, "打开Bluetooth设置，连接iPad。")
    assert [mark.text for mark in marks] == [*"打开", "Bluetooth", *"设置连接", "iPad"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        *("W", "a", "1", "0.5", "%", "好", "嗯。", "OK", "OK?", "A股", "U.S.", "iPhone15", "C++"),
        *("。，！", "...", "——", "(", "🙂", "龘龘", "\ue000", "こんにちは", "Привет OK", "zhqxv"),
        "字" * 60 + "word " * 60,
        "supercalifragilisticexpialidocious" * 4,
        "我用Python写了一个function，它return了NULL。",
        "一二三四五六七八九十" * 3 + "OK" + "一二三四五六七八九十" * 3,
        MIXED,
    ],
)
def test_any_text(synthesizer: VoiceRouter, text: str) -> None:
    audio, marks = spoken(synthesizer, text)
    assert np.isfinite(audio).all()
    assert np.abs(audio).max(initial=0) <= 1
    seconds = len(audio) / 24_000
    assert (audio.size > 0) == bool(marks)
    assert all(0 <= mark.start < mark.end <= seconds + 1e-3 for mark in marks)
    assert all(a.end <= b.start + 1e-3 for a, b in pairwise(marks))
    assert all(a.span[1] <= b.span[0] for a, b in pairwise(marks))
    assert all(mark.text == text[slice(*mark.span)] for mark in marks)


@pytest.mark.slow
def test_it_explains_two_languages(model: InstalledModel) -> None:
    (clause,) = open_explainer([model]).explain("用iPad看")["clauses"]
    assert (clause["lang"], clause["voice"]) == ("mixed", model.name)
    assert [part["lang"] for part in clause["parts"]] == ["zh", "en", "zh"]
    assert clause["phones"] == " ".join(part["phones"] for part in clause["parts"])


def test_damaged_files_are_named(model: InstalledModel, tmp_path: Path) -> None:
    broken = tmp_path / "decoder.onnx"
    broken.write_bytes(model.files["decoder"].read_bytes()[:1000])
    with pytest.raises(VoiceLoadError, match=r"liusheng-zh-en cannot be opened: .*decoder\.onnx"):
        load([replace(model, files={**model.files, "decoder": broken})])
    with pytest.raises(VoiceLoadError, match=r"decoder\.onnx is not Kokoro's inventory"):
        load([replace(model, files={**model.files, "tokens": broken})])
