"""The default models, live: what noise gives, and how well real recordings are recognised."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from liusheng.asr.in_process import InProcessStream
from liusheng.asr.load import load
from liusheng.asr.offline.engine import Effort, Window
from liusheng.asr.offline.whisper import WhisperEngine
from liusheng.asr.options import AsrOptions, MoonshineOptions, WhisperOptions
from liusheng.asr.recognizer import Recognizer
from liusheng.asr.text.pieces import split_pieces, spread
from liusheng.asr.types import SAMPLE_RATE, Proposal, StreamParams
from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import Samples
from liusheng.audio.resample import resample
from liusheng.bench.eval_results import total
from liusheng.bench.evaluation import Evaluator
from liusheng.bench.recordings import read_manifest, read_samples
from liusheng.bench.scoring import Errors, errors
from liusheng.bench.transcribe import simulate_live
from liusheng.models.store import Store
from liusheng.tts.load import load as load_voices
from liusheng.tts.types import SpeechRequest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

WHISPER, MOONSHINE = "whisper-base", "moonshine-tiny-en"
SECONDS = 6.0
_eval_set = pytest.mark.skipif(
    "LIUSHENG_EVAL_SET" not in os.environ,
    reason="LIUSHENG_EVAL_SET names no manifest of recordings",
)


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    store = Store()
    return load([store.open(WHISPER), store.open(MOONSHINE)])


def _noises() -> Iterator[tuple[str, npt.NDArray[np.float64]]]:
    generator = np.random.default_rng(7)
    n = int(SECONDS * SAMPLE_RATE)
    t = np.arange(n) / SAMPLE_RATE
    yield "silence", np.zeros(n)
    yield "white noise", generator.normal(0, 0.1, n)
    yield "a quiet room", generator.normal(0, 0.003, n)
    yield "mains hum", 0.2 * np.sin(2 * np.pi * 50 * t) + 0.1 * np.sin(2 * np.pi * 150 * t)
    yield "a tone", 0.3 * np.sin(2 * np.pi * 440 * t)
    keys = np.zeros(n)
    for at in generator.integers(0, n - 800, 30):
        keys[at : at + 800] += generator.normal(0, 0.3, 800) * np.exp(-np.arange(800) / 120)
    yield "keyboard clicks", keys
    music = np.zeros(n)
    for at in range(0, n - 8000, 6000):
        pitch = 220 * 2 ** (generator.integers(0, 24) / 12)
        k = np.arange(8000) / SAMPLE_RATE
        for harmonic in range(1, 6):
            tone = np.sin(2 * np.pi * pitch * harmonic * k) * np.exp(-3 * k)
            music[at : at + 8000] += 0.2 / harmonic * tone
    yield "a tune", music


NOISES = {name: np.clip(audio, -1, 1).astype(np.float32) for name, audio in _noises()}


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("lang", ["auto", "zh", "en"])
def test_what_is_no_speech_gives_nothing(recognizer: Recognizer, name: str, lang: str) -> None:
    for _, outcome in simulate_live(recognizer, NOISES[name], lang, 0.3):
        assert not outcome.closed
        assert outcome.partial.text == ""


def test_windows_of_any_length_have_places_inside_them() -> None:
    from liusheng.asr.offline.moonshine import MoonshineEngine

    store = Store()
    generator = np.random.default_rng(3)
    windows = [
        Window(generator.normal(0, 0.05, n).astype(np.float32), "en", timed=True)
        for n in (100, 16_000, 40_000)
    ]
    for engine in (
        WhisperEngine(store.open(WHISPER), WhisperOptions()),
        MoonshineEngine(store.open(MOONSHINE), MoonshineOptions()),
    ):
        together = engine.decode(windows, Effort.PARTIAL)
        assert len(together) == len(windows)
        for window, decoded in zip(windows, together, strict=True):
            places = [t for p in decoded.pieces for t in (p.start, p.end)]
            assert places == sorted(places)
            assert all(0 <= t <= len(window.samples) / SAMPLE_RATE for t in places)


def test_nobody_is_thanked_in_the_silence_after_a_synthesiser() -> None:
    from liusheng.asr.offline.moonshine import MoonshineEngine

    store = Store()
    voice = load_voices([store.open("hibari-heart")])
    engine = MoonshineEngine(store.open(MOONSHINE), MoonshineOptions())
    for said in (
        "The weather is nice today, so let us take a walk in the park.",
        "We have bought our tickets and will leave tomorrow morning.",
    ):
        blocks = [block.samples for block in voice.speak(SpeechRequest(said, "heart"))]
        samples = resample(np.concatenate(blocks), 24_000, SAMPLE_RATE)
        silence = np.zeros(SAMPLE_RATE // 4, np.float32)
        (heard,) = engine.decode([Window(np.concatenate([samples, silence]), "en")], Effort.FINAL)
        assert "".join(piece.text for piece in heard.pieces) == said


def test_english_words_have_the_times_at_which_they_are_spoken() -> None:
    store = Store()
    voice = load_voices([store.open("hibari-heart")])
    spoken = [
        np.concatenate([block.samples for block in voice.speak(SpeechRequest(said, "heart"))])
        for said in ("It rains.", "We have bought our tickets and will leave tomorrow morning.")
    ]
    first, second = (resample(samples, 24_000, SAMPLE_RATE) for samples in spoken)
    pause = np.zeros(int(0.4 * SAMPLE_RATE), np.float32)
    audio = np.concatenate([pause, first, pause, second, pause])
    begins = (len(pause) + len(first) + len(pause)) / SAMPLE_RATE
    wrong_by = {}
    for align in (True, False):
        models = [store.open(WHISPER), store.open(MOONSHINE)]
        recognizer = load(models, AsrOptions(moonshine=MoonshineOptions(align=align)))
        outcome = InProcessStream(recognizer, StreamParams("en")).advance(audio, last=True)
        words = [word for utterance in outcome.closed for word in utterance.words]
        spelled = [word.text.strip(".,").lower() for word in words]
        assert spelled[:3] == ["it", "rains", "we"]
        # A synthesiser's sentence begins with a little silence.
        wrong_by[align] = abs(words[2].start - begins - 0.1)
    assert wrong_by[True] < 0.2 < wrong_by[False]


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.3, 1.11, 5.0, 31.0])
@pytest.mark.parametrize("text", ["", "Hm.", "word " * 500, "naïve 🙂 \ufffd x", "你好"])
def test_any_text_is_placed_inside_its_window(seconds: float, text: str) -> None:
    engine = _whisper()
    samples = np.random.default_rng(4).normal(0, 0.05, int(seconds * SAMPLE_RATE))
    pieces = spread(split_pieces(text), 0.0, seconds)
    placed = engine.align(Window(samples.astype(np.float32), "en"), "en", pieces)
    assert [piece.text for piece in placed] == [piece.text for piece in pieces]
    places = [t for piece in placed for t in (piece.start, piece.end)]
    assert places == sorted(places)
    assert all(0 <= t <= seconds for t in places)


@cache
def _said(text: str) -> Samples:
    voices = load_voices([Store().open("liusheng-zh-en")])
    blocks = [block.samples for block in voices.speak(SpeechRequest(text))]
    return resample(np.concatenate(blocks), 24_000, SAMPLE_RATE)


@cache
def _whisper() -> WhisperEngine:
    return WhisperEngine(Store().open(WHISPER), WhisperOptions())


@_eval_set
@pytest.mark.parametrize("effort", Effort)
def test_mandarin_is_the_same_with_the_tokens_that_it_needs(effort: Effort) -> None:
    whole = WhisperEngine(Store().open(WHISPER), WhisperOptions(mandarin_vocabulary=False))
    recordings = read_manifest(Path(os.environ["LIUSHENG_EVAL_SET"]))
    different = []
    mandarin = [r for r in recordings if r.lang == "zh"][::5]
    for recording in [*mandarin, *(r for r in recordings if r.lang == "en")][: len(mandarin) + 3]:
        window = Window(read_samples(recording.path), recording.lang, timed=True)
        (one,), (other,) = (engine.decode([window], effort) for engine in (_whisper(), whole))
        if one.pieces != other.pieces:
            different.append((recording.id, one, other))
        elif one.score is not None and other.score is not None:
            # Of fewer tokens each is a little likelier.
            assert one.score == pytest.approx(other.score, abs=0.06)
    assert not different


@pytest.mark.parametrize("effort", Effort)
@pytest.mark.parametrize("spare", [True, False])
def test_a_window_that_was_prepared_is_decoded_alike(effort: Effort, spare: bool) -> None:
    engine = _whisper()
    said = _said("今天天气很好，我们去公园吧。")
    windows = [Window(said[: len(said) // n], "zh", timed=True, spare=spare) for n in (1, 2)]
    prepared = [engine.prepare(window, effort) for window in windows]
    assert engine.decode(prepared, effort) == engine.decode(windows, effort)
    seconds = prepared[0].encoded.shape[1] * 0.02 - len(said) / SAMPLE_RATE
    assert seconds == pytest.approx(4.0 if spare and effort is Effort.FINAL else 2.0, abs=0.03)


def test_a_final_does_not_depend_on_its_batch() -> None:
    engine = _whisper()
    said = _said("今天天气很好，我们去公园吧。")
    windows = [Window(said[: len(said) // n], "zh", timed=True) for n in (1, 2, 3, 1, 3)]
    alone = [engine.decode([window], Effort.FINAL)[0] for window in windows]
    assert engine.decode(windows, Effort.FINAL) == alone


def test_a_final_is_chosen_among_proposals() -> None:
    given: list[Sequence[tuple[str, float]]] = []
    samples = _said("今天天气很好，我们去公园吧。")

    def propose(hypotheses: Sequence[tuple[str, float]]) -> list[Proposal]:
        given.append(hypotheses)
        texts = ("今天天气很坏，我们去公司吧。", "今天天气很好，我们去公园吧。", "今天天气。")
        return [Proposal(text, 3.0 * len(text)) for text in texts]

    window = Window(samples, "zh", timed=True, propose=propose)
    (final,) = _whisper().decode([window], Effort.FINAL)
    (partial,) = _whisper().decode([window], Effort.PARTIAL)
    (other,) = _whisper().decode([replace(window, propose=lambda _: [])], Effort.FINAL)
    assert not other.chosen
    assert len({piece.end for piece in other.pieces}) > 5
    assert final.chosen
    assert "".join(piece.text for piece in final.pieces) == "今天天气很好，我们去公园吧。"
    assert not partial.chosen
    ((first, *_),) = ([score for _, score in each] for each in given)
    assert len(given[0]) == WhisperOptions().hypotheses
    assert all(score <= first < 0 for _, score in given[0])
    places = [at for piece in final.pieces for at in (piece.start, piece.end)]
    assert places == sorted(places)
    assert places[-1] > 0.5 * len(samples) / SAMPLE_RATE


@_eval_set
def test_a_draft_spares_steps_and_changes_next_to_nothing() -> None:
    from liusheng.asr.offline.moonshine import MoonshineEngine

    engine = MoonshineEngine(Store().open(MOONSHINE), MoonshineOptions())
    counted = _Counted(engine._decoder)
    engine._decoder = counted
    recordings = read_manifest(Path(os.environ["LIUSHENG_EVAL_SET"]))
    plain = drafted = Errors()
    steps = {"plain": 0, "drafted": 0}
    for recording in [r for r in recordings if r.lang == "en" and "long" not in r.id][:8]:
        samples = read_samples(recording.path)
        (begun,) = engine.decode([Window(samples[: len(samples) * 4 // 5], "en")], Effort.PARTIAL)
        for way, draft in (("plain", ()), ("drafted", begun.draft), ("wrong", (7, 8, 9))):
            counted.runs = 0
            (decoded,) = engine.decode([Window(samples, "en", draft=draft)], Effort.PARTIAL)
            made = errors(recording.reference, "".join(p.text for p in decoded.pieces), "en")
            if way == "plain":
                plain += made
            else:
                drafted += made
            steps[way] = steps.get(way, 0) + counted.runs
    assert steps["drafted"] < steps["plain"] / 2
    # Activations are quantised by what is computed together, so that a word or two may differ.
    assert drafted.rate == pytest.approx(plain.rate, abs=0.02)


def test_an_english_final_does_not_depend_on_the_partials_before_it() -> None:
    from liusheng.asr.offline.moonshine import MoonshineEngine

    engine = MoonshineEngine(Store().open(MOONSHINE), MoonshineOptions())
    voice = load_voices([Store().open("hibari-heart")])
    said = "We have bought our tickets and will leave tomorrow morning."
    blocks = [block.samples for block in voice.speak(SpeechRequest(said, "heart"))]
    samples = resample(np.concatenate(blocks), 24_000, SAMPLE_RATE)
    counted = _Counted(engine._decoder)
    engine._decoder = counted
    (alone,) = engine.decode([Window(samples, "en")], Effort.FINAL)
    steps = counted.runs
    for part in (2, 3):
        (begun,) = engine.decode(
            [Window(samples[: len(samples) * part // 4], "en")], Effort.PARTIAL
        )
        counted.runs = 0
        assert engine.decode([Window(samples, "en", draft=begun.draft)], Effort.FINAL) == [alone]
        assert counted.runs == steps


class _Counted:
    """An inference session that counts."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.runs = 0

    def run(self, *args: Any) -> Any:
        self.runs += 1
        return self._session.run(*args)


# Two points for the live decoder, as the project asks, and two words or characters, which another
# machine's arithmetic changes.
_ALLOWED = 0.02
_CHANCE = 2


@_eval_set
@pytest.mark.parametrize(
    ("lang", "name", "each"),
    # Of Whisper's, which take long, a part: `liusheng eval` has all.
    [("zh", WHISPER, 2), ("en", WHISPER, 3), ("en", MOONSHINE, 1)],
)
def test_live_errors_are_within_two_points_of_offline(lang: str, name: str, each: int) -> None:
    model = Store().open(name)
    recognizer = load([model])
    recordings = read_manifest(Path(os.environ["LIUSHENG_EVAL_SET"]))
    mine = [r for r in recordings if r.lang == lang][::each]
    evaluator = Evaluator(recognizer, [model])
    results = [evaluator.with_plain(evaluator.live(r, 0.5, lambda: 0.0)) for r in mine]
    live = total([result.live_errors for result in results])
    offline = total([result.plain_errors for result in results])
    delays = [delay for result in results for delay in result.delays]
    seconds = sum(result.seconds for result in results)
    print(
        f"{name} {lang}: live {live.rate:.2%}, offline {offline.rate:.2%}, "
        f"token delay {np.mean(delays):.2f} s, "
        f"cores per stream {sum(result.cpu_live for result in results) / seconds:.2f}"
    )
    assert live.edits <= offline.edits + _ALLOWED * offline.length + _CHANCE


_FOREIGN = re.compile(r"[^\x00-\u024f\u3000-\u303f\u4e00-\u9fff\uff00-\uffef\u2010-\u2026]")
_HAN, _LATIN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[a-zA-Z]")


@_eval_set
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_partials_are_in_the_language_that_is_spoken(lang: str) -> None:
    recognizer = load([Store().open(WHISPER)], AsrOptions(("zh", "en")))
    recordings = [r for r in read_manifest(Path(os.environ["LIUSHENG_EVAL_SET"])) if r.lang == lang]
    wrong = []
    for recording in recordings[::3]:
        samples = np.concatenate(list(decode_file(recording.path, SAMPLE_RATE)))
        stream = InProcessStream(recognizer)
        for at in range(0, 3 * SAMPLE_RATE, 4800):
            text = stream.advance(samples[at : at + 4800], last=False).partial.text
            is_other = _HAN.search(text) if lang == "en" else _LATIN.search(text)
            if _FOREIGN.search(text) or (is_other and not (lang == "zh" and _HAN.search(text))):
                wrong.append((recording.id, text))
                break
    assert len(wrong) <= 1, wrong


@_eval_set
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_language_of_a_whole_file_at_once_is_found(recognizer: Recognizer, lang: str) -> None:
    recordings = read_manifest(Path(os.environ["LIUSHENG_EVAL_SET"]))
    turns = []
    for recording in [r for r in recordings if r.lang == lang][:4]:
        samples = np.concatenate(list(decode_file(recording.path, SAMPLE_RATE)))
        turns.append(InProcessStream(recognizer).turn(samples, last=True))
    for outcome in recognizer.advance(turns):
        assert {u.lang for u in outcome.closed} == {lang}
