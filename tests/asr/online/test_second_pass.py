"""An online model whose utterances an offline model hears again."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import soxr

from liusheng.asr.in_process import InProcessStream
from liusheng.asr.load import load
from liusheng.asr.offline.engine import Decoded, Effort, Window
from liusheng.asr.online import recognizer as sherpa_online
from liusheng.asr.online.second_pass import FirstPass, SecondPass
from liusheng.asr.options import AsrOptions, OnlineOptions
from liusheng.asr.recognizer import Outcome, Recognizer, Turn
from liusheng.asr.text.pieces import Piece, spread
from liusheng.asr.types import StreamParams, Utterance
from liusheng.audio.pcm import Samples, samples_to_pcm
from liusheng.bench.scoring import errors
from liusheng.models.store import Store
from liusheng.models.types import InstalledModel
from liusheng.tts.load import load as load_voices
from liusheng.tts.types import SAMPLE_RATE as VOICE_RATE
from liusheng.tts.types import SpeechRequest
from tests.support.level_detector import LevelDetector
from tests.support.unprepared import PlainEngine

pytestmark = pytest.mark.slow

Models = Callable[[str], InstalledModel]
PACKET = 4800


class Dictionary(PlainEngine):
    """An offline engine that hears one thing, and notes what it was given."""

    name = "dictionary"
    languages: tuple[str, ...] = ("zh",)
    max_seconds = 30.0
    punctuates = True
    translates = False

    def __init__(self, text: str = "第二遍听清了", others: Sequence[str] = ()) -> None:
        self.windows: list[Window] = []
        self._text = text
        self._others = others

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        assert effort is Effort.FINAL
        self.windows += windows
        return [
            Decoded(
                self._pieces(self._text, w),
                w.lang,
                -0.1,
                tuple((self._pieces(other, w), -0.5) for other in self._others),
            )
            for w in windows
        ]

    @staticmethod
    def _pieces(text: str, window: Window) -> tuple[Piece, ...]:
        return spread(list(text), *window.speech)


class Hasty(Dictionary):
    """Ends its text after a second."""

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        self.windows += windows
        whole = [w.speech[1] > 3.0 for w in windows]
        return [
            Decoded(
                spread(list(self._text), 0.0, 1.0) if each else self._pieces("后面的话", w),
                w.lang,
                -0.1,
            )
            for each, w in zip(whole, windows, strict=True)
        ]


def test_what_the_second_pass_leaves_out_is_decoded_again() -> None:
    pcm = samples_to_pcm(np.repeat(np.array([0.3, 0.0, 0.3], np.float32), [16_000, 8_000, 32_000]))
    first = FirstPass(Utterance(0, "听", (), "zh", 0.0, 3.5), 0, pcm, cut=False)
    for detector, heard in ((None, "前面的话。"), (LevelDetector(), "前面的话，后面的话。")):
        second = SecondPass(Hasty("前面的话"), detector=detector)
        (utterance,) = second.decode([(StreamParams("zh"), first)])
        assert utterance.text == heard


def online(model: InstalledModel, engine: Dictionary | None = None) -> sherpa_online.SherpaOnline:
    """Load a model; where speech is, is seen by its level: no network has to be computed for it."""
    second_pass = SecondPass(engine) if engine else None
    return sherpa_online.load(model, OnlineOptions(), LevelDetector(), second_pass=second_pass)


def hear(
    recognizer: Recognizer, samples: Samples, params: StreamParams | None = None
) -> list[Outcome]:
    stream = InProcessStream(recognizer, params)
    return [
        stream.advance(samples[at : at + PACKET], at + PACKET >= len(samples))
        for at in range(0, len(samples), PACKET)
    ]


def closed(outcomes: Sequence[Outcome]) -> list[Utterance]:
    return [utterance for outcome in outcomes for utterance in outcome.closed]


@pytest.fixture(
    params=[
        "lstm-transducer",
        "nemo-ctc",
        "online-paraformer",
        pytest.param("zipformer2-ctc", marks=pytest.mark.slow),
    ]
)
def model(request: pytest.FixtureRequest, tiny_model: Models) -> InstalledModel:
    return tiny_model(request.param)


def test_text_of_the_second_pass_stays(model: InstalledModel, speech: Samples) -> None:
    engine = Dictionary()
    twice = hear(online(model, engine), speech)
    once = hear(online(model), speech)
    assert len(closed(twice)) == len(closed(once)) >= 2
    for first, again in zip(closed(once), closed(twice), strict=True):
        assert again.text == "第二遍听清了。"
        assert [word.text for word in again.words] == [*"第二遍听清", "了。"]
        assert again.index == first.index
        # The first pass says when: the fake spreads its text over the speech it is told of.
        assert (again.start, again.end) == pytest.approx((first.start, first.end), abs=0.01)
    assert [o.partial.text for o in twice] == [o.partial.text for o in once], "shown meanwhile"


def test_nothing_is_stable_that_may_be_rewritten(model: InstalledModel, speech: Samples) -> None:
    twice = hear(online(model, Dictionary()), speech)
    assert any(outcome.partial.text for outcome in twice)
    assert all(outcome.partial.stable == 0 for outcome in twice)


def test_the_window_is_the_utterance(model: InstalledModel, speech: Samples) -> None:
    engine = Dictionary()
    utterances = closed(hear(online(model, engine), speech))
    for window, utterance in zip(engine.windows, utterances, strict=True):
        first, last = window.speech
        start = utterance.start - first
        at = round(start * 16_000)
        there = speech[at : at + len(window.samples)]
        assert np.abs(window.samples - there).max() < 1e-3, "it is what was said there"
        assert first <= 0.5 + 1e-6
        assert last <= len(window.samples) / 16_000 + 1e-6
        assert len(window.samples) / 16_000 <= utterance.end - utterance.start + 1.2


def test_talk_without_a_pause_is_parted(tiny_model: Models, endless: Samples) -> None:
    engine = Dictionary()
    recognizer = sherpa_online.load(
        tiny_model("nemo-ctc"),
        OnlineOptions(rule3_min_utterance_length=5.0),
        second_pass=SecondPass(engine),
    )
    utterances = closed(hear(recognizer, endless))
    assert len(utterances) >= 3
    for before, after in itertools.pairwise(utterances):
        assert before.end <= after.start + 1e-6
    heard = sum(len(window.samples) for window in engine.windows)
    assert heard <= len(endless) + 100, "no audio is heard in two utterances"
    assert not utterances[0].text.endswith("。")


def test_where_the_second_model_cannot_help_the_first_text_stays(
    model: InstalledModel, speech: Samples
) -> None:
    first = closed(hear(online(model), speech))
    english = Dictionary()
    english.languages = ("en",)
    deaf = Dictionary("")
    for engine in (english, deaf):
        recognizer = online(model, engine)
        assert closed(hear(recognizer, speech)) == first
    assert english.windows == []
    assert deaf.windows


def test_alternatives_are_those_of_the_second_model(model: InstalledModel, speech: Samples) -> None:
    engine = Dictionary("听清了", ["听轻了", "听青了"])
    recognizer = online(model, engine)
    utterance = closed(hear(recognizer, speech, StreamParams(nbest=2)))[0]
    assert [(a.text, a.score) for a in utterance.alternatives] == [
        ("听清了。", -0.1),
        ("听轻了。", -0.5),
    ]


def test_a_turn_that_is_taken_again_gives_the_same(model: InstalledModel, speech: Samples) -> None:
    def made() -> sherpa_online.SherpaOnline:
        return online(model, Dictionary())

    expected = closed(hear(made(), speech))
    one, two = made(), made()
    state = one.open(StreamParams())
    [outcome] = one.advance([Turn(state, samples_to_pcm(speech[:60_000]))])
    said = list(outcome.closed)
    kept = samples_to_pcm(speech[outcome.needs :])
    [outcome] = two.advance([Turn(outcome.state, kept, outcome.needs, last=True)])
    assert said + list(outcome.closed) == expected


def test_punctuation_is_accepted_where_the_second_model_writes_it(
    tiny_model: Models,
) -> None:
    recognizer = sherpa_online.load(tiny_model("nemo-ctc"), second_pass=SecondPass(Dictionary()))
    assert recognizer.capabilities("zh").punctuation
    assert recognizer.capabilities("auto").punctuation
    assert not recognizer.capabilities("en").punctuation
    assert not sherpa_online.load(tiny_model("nemo-ctc")).capabilities("zh").punctuation


def test_utterances_that_are_too_long_for_it(tiny_model: Models) -> None:
    with pytest.raises(ValueError, match=r"at most 30 s.*not 29"):
        sherpa_online.load(
            tiny_model("nemo-ctc"),
            OnlineOptions(rule3_min_utterance_length=29.0),
            second_pass=SecondPass(Dictionary()),
        )


def test_the_settings_name_the_model(tiny_model: Models) -> None:
    online, offline = tiny_model("nemo-ctc"), tiny_model("sense-voice")
    options = AsrOptions(online=OnlineOptions(second_pass="sense-voice"))
    recognizer = load([online, offline], options)
    assert recognizer.capabilities("zh").model == "nemo-ctc"
    assert recognizer.capabilities("zh").punctuation, "SenseVoice's"
    # Named twice, it serves and hears again.
    renamed = replace(offline, languages=("en",))
    both = load([online, renamed, offline], options)
    assert both.capabilities("en").model == "sense-voice"
    with pytest.raises(ValueError, match="second_pass: the model sense-voice is not loaded"):
        load([online], options)
    with pytest.raises(ValueError, match="not an offline model"):
        load([online, replace(online, name="sense-voice")], options)
    assert load([offline], options).capabilities("zh").model == "sense-voice", (
        "nothing to hear again"
    )


@pytest.mark.slow
def test_moonshine_as_second_pass(tiny_model: Models) -> None:
    """A voice of ours says a sentence; the online model's weights are random."""
    store = Store()
    voices = load_voices([store.open("hibari-heart")])
    said = "The quick brown fox jumps over the lazy dog."
    blocks = [block.samples for block in voices.speak(SpeechRequest(said))]
    samples = soxr.resample(np.concatenate(blocks), VOICE_RATE, 16_000).astype(np.float32)
    pause = np.zeros(32_000, np.float32)
    online = tiny_model("zipformer2-ctc")
    options = AsrOptions(online=OnlineOptions(second_pass="moonshine-tiny-en"))
    recognizer = load([online, store.open("moonshine-tiny-en")], options)
    audio = np.concatenate([pause, samples, pause, samples, pause])
    outcomes = hear(recognizer, audio, StreamParams("en"))
    found = closed(outcomes)
    heard = " ".join(utterance.text for utterance in found)
    assert errors(f"{said} {said}", heard, "en").rate <= 0.2
    assert found[0].words[0].start >= 1.9
    assert found[-1].end <= len(audio) / 16_000 - 1.9
    assert not any(outcome.partial.stable for outcome in outcomes)
