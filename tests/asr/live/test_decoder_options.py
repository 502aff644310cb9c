"""What a stream may ask of the live decoder: alternatives, an endpoint, hotwords, correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.capabilities import NotSupportedError
from liusheng.asr.correction.corrector import Corrector
from liusheng.asr.correction.joint_lattice import JointLattice
from liusheng.asr.correction.lattice import Lattice
from liusheng.asr.in_process import InProcessStream
from liusheng.asr.live.decoder import LiveRecognizer
from liusheng.asr.offline.engine import Decoded, Effort, Window
from liusheng.asr.options import LiveOptions, VadOptions
from liusheng.asr.recognizer import Outcome
from liusheng.asr.text.pieces import Piece, split_pieces, spread
from liusheng.asr.types import SAMPLE_RATE, Alternative, Script, StreamParams
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.asr.vad.segments import FRAME
from liusheng.audio.pcm import Samples
from tests.support.unprepared import PlainEngine

OPTIONS = LiveOptions(interval=0.0, hold=0.0, vad=VadOptions(pre_roll=0.0))


class Loudness:
    """Speech is whatever is not zero."""

    def open(self) -> None:
        return None

    def probabilities(self, state: None, samples: Samples) -> tuple[None, Samples]:
        loud = np.abs(samples).reshape(-1, FRAME).mean(axis=1) > 0.01
        return None, np.where(loud, 0.9, 0.1).astype(np.float32)


class Reciter(PlainEngine):
    """Hears the texts that it is given, one at a decode, the last one ever after."""

    name = "script"
    languages = ("zh", "en")
    max_seconds = 28.0
    punctuates = True
    translates = False

    def __init__(self, *texts: str, others: Sequence[tuple[str, float]] = ()) -> None:
        self.texts = list(texts)
        self.others = others
        self.asked: list[int] = []

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        return [self._decode(w) for w in windows]

    def _decode(self, window: Window) -> Decoded:
        self.asked.append(window.nbest)
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        others = tuple((_pieces(t, window), score) for t, score in self.others)
        return Decoded(_pieces(text, window), "zh", -0.1, others[: window.nbest - 1])


def _pieces(text: str, window: Window) -> tuple[Piece, ...]:
    first, last = window.speech
    return spread(split_pieces(text), first, min(last, len(window.samples) / SAMPLE_RATE))


class Upper(Lattice):
    """Corrects 一 to 甲, 二 to 乙 and 三 to 丙; hotwords are not heard."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, int]] = []

    def spell(self, run: str, keep: int = 0, hotwords: Any = ()) -> str:
        self.runs.append((run, keep))
        return run[:keep] + run[keep:].translate(str.maketrans("一二三", "甲乙丙"))


class Joint(JointLattice):
    """Proposes 一丁 beside what was heard."""

    def __init__(self) -> None:
        pass

    def best(
        self, hypotheses: Sequence[tuple[str, float]], hotwords: Any = ()
    ) -> list[tuple[str, float]]:
        return [*hypotheses, ("一丁", -2.0)]


class Chooser(Reciter):
    """Chooses the last of the proposals. proposing: the effort of each decode, and whether there
    may be proposals for it."""

    def __init__(self, *texts: str) -> None:
        super().__init__(*texts)
        self.proposing: list[tuple[Effort, bool]] = []

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        return [
            self._chosen(w, d, effort)
            for w, d in zip(windows, super().decode(windows, effort), strict=True)
        ]

    def _chosen(self, window: Window, decoded: Decoded, effort: Effort) -> Decoded:
        self.proposing.append((effort, window.propose is not None))
        if window.propose is None:
            return decoded
        text = "".join(piece.text for piece in decoded.pieces)
        proposals = window.propose([(text, -1.0)])
        return replace(decoded, pieces=_pieces(proposals[-1].text, window), chosen=True)


def play(
    engine: Reciter,
    params: StreamParams | None = None,
    corrector: Corrector | None = None,
    silence: float = 1.0,
    speech: float = 2.0,
    hold: float = 0.0,
    spare: bool = True,
) -> list[Outcome]:
    frames = [0.5] * round(speech * SAMPLE_RATE / FRAME) + [0.0] * round(
        silence * SAMPLE_RATE / FRAME
    )
    audio = np.repeat(np.array(frames, np.float32), FRAME)
    recognizer = LiveRecognizer(engine, replace(OPTIONS, hold=hold), corrector)
    detector = SpeechActivityDetector(OPTIONS.vad, Loudness())
    stream = InProcessStream(recognizer, params or StreamParams("zh"), detector)
    outcomes = []
    step = 12 * FRAME
    for at in range(0, len(audio), step):
        chunk = audio[at : at + step]
        turn = stream.turn(chunk, at + step >= len(audio), spare=spare)
        (outcome,) = recognizer.advance([turn])
        stream.done(outcome)
        outcomes.append(outcome)
    return outcomes


def closed(outcomes: list[Outcome]) -> list[str]:
    return [u.text for outcome in outcomes for u in outcome.closed]


class TestAlternatives:
    def test_they_come_with_the_closed_utterance(self) -> None:
        engine = Reciter("你好吗", others=[("你好嘛", -0.3), ("你号吗", -0.9)])
        outcomes = play(engine, StreamParams("zh", nbest=3), hold=9.0)
        (utterance,) = [u for o in outcomes for u in o.closed]
        assert utterance.alternatives == (
            Alternative("你好吗。", -0.1),
            Alternative("你好嘛。", -0.3),
            Alternative("你号吗。", -0.9),
        )

    def test_they_keep_what_is_stable(self) -> None:
        engine = Reciter("你好吗", others=[("你号嘛", -0.3)])
        outcomes = play(engine, StreamParams("zh", nbest=2))
        shown = max((o.partial.text[: o.partial.stable] for o in outcomes), key=len)
        assert shown
        (utterance,) = [u for o in outcomes for u in o.closed]
        assert all(a.text.startswith(shown) for a in utterance.alternatives)

    def test_features_that_are_not_requested_cost_nothing(self) -> None:
        engine = Reciter("你好吗", others=[("你好嘛", -0.3)])
        outcomes = play(engine)
        assert set(engine.asked) == {1}
        assert all(u.alternatives == () for o in outcomes for u in o.closed)

    def test_what_the_correction_makes_the_same_is_one(self) -> None:
        engine = Reciter("一天", others=[("甲天", -0.2), ("丁天", -0.4)])
        outcomes = play(engine, StreamParams("zh", nbest=3), Corrector(Upper()), hold=9.0)
        (utterance,) = [u for o in outcomes for u in o.closed]
        assert [a.text for a in utterance.alternatives] == ["甲天。", "丁天。"]


class TestEndpoint:
    @pytest.mark.parametrize(("endpoint", "count"), [(None, 0), (0.3, 1), (2.0, 0)])
    def test_it_is_the_streams_own(self, endpoint: float | None, count: int) -> None:
        outcomes = play(Reciter("你好"), StreamParams("zh", endpoint=endpoint), silence=0.7)
        assert len([u for o in outcomes[:-1] for u in o.closed]) == count
        assert closed(outcomes) == ["你好。"]

    def test_it_may_be_longer_than_what_counts_as_long(self) -> None:
        options = LiveOptions(vad=VadOptions(long_after=1.0))
        recognizer = LiveRecognizer(Reciter("你好"), options)
        detector = SpeechActivityDetector(options.vad, Loudness())
        stream = InProcessStream(recognizer, StreamParams("zh", endpoint=5.0), detector)
        assert stream.advance(np.zeros(FRAME, np.float32)).closed == ()


class TestCorrection:
    def test_what_is_shown_is_corrected(self) -> None:
        outcomes = play(Reciter("一二三"), corrector=Corrector(Upper()))
        assert closed(outcomes) == ["甲乙丙。"]
        assert {o.partial.text for o in outcomes} == {"", "甲乙丙"}

    def test_only_mandarin_is(self) -> None:
        engine = Reciter("一二三")
        engine.decode = lambda windows, effort: [
            Decoded(_pieces("一二三", w), "ja") for w in windows
        ]
        assert closed(play(engine, StreamParams("auto"), Corrector(Upper()))) == ["一二三。"]

    def test_times_and_length_stay(self) -> None:
        plain = next(u for o in play(Reciter("好一二 OK 三")) for u in o.closed)
        corrected = next(
            u for o in play(Reciter("好一二 OK 三"), corrector=Corrector(Upper())) for u in o.closed
        )
        assert corrected.text == plain.text.translate(str.maketrans("一二三", "甲乙丙"))
        assert [(w.start, w.end) for w in corrected.words] == [
            (w.start, w.end) for w in plain.words
        ]

    def test_traditional_text_is_corrected_in_simplified_characters(self) -> None:
        lattice = Upper()
        params = StreamParams("zh", Script.TRADITIONAL)
        assert closed(play(Reciter("国一"), params, Corrector(lattice))) == ["國甲。"]
        assert ("国一", 0) in lattice.runs

    @pytest.mark.parametrize("spare", [True, False])
    def test_finals_are_chosen_among_corrections_where_nobody_waits(self, spare: bool) -> None:
        chooser = Chooser("一二")
        outcomes = play(chooser, corrector=Corrector(Upper(), Joint(), 5), hold=9.0, spare=spare)
        assert {effort for effort, proposes in chooser.proposing if proposes} == (
            {Effort.FINAL} if spare else set()
        )
        # The correction would have made 甲乙 of the text that was chosen.
        assert closed(outcomes) == (["一丁。"] if spare else ["甲乙。"])

    @pytest.mark.parametrize(("backlog", "chosen"), [(0, 0), (1, 0), (2, 2)])
    def test_streams_of_a_batch_wait_for_each_other_but_backlog(
        self, backlog: int, chosen: int
    ) -> None:
        chooser = Chooser("一二")
        recognizer = LiveRecognizer(chooser, OPTIONS, Corrector(Upper(), Joint(), 5))
        turns = []
        for i in range(2):
            detector = SpeechActivityDetector(OPTIONS.vad, Loudness())
            stream = InProcessStream(recognizer, StreamParams("zh"), detector)
            turn = stream.turn(np.full(40 * FRAME, 0.5, np.float32), last=True)
            turns.append(replace(turn, backlog=i < backlog))
        recognizer.advance(turns)
        assert sum(proposes for _, proposes in chooser.proposing) == chosen

    @pytest.mark.parametrize(
        ("params", "proposals"), [(StreamParams("en"), 5), (StreamParams("zh"), 0)]
    )
    def test_others_are_not(self, params: StreamParams, proposals: int) -> None:
        chooser = Chooser("一二")
        play(chooser, params, Corrector(Upper(), Joint(), proposals), hold=9.0)
        assert not any(proposes for _, proposes in chooser.proposing)

    @given(st.lists(st.text("一二三甲乙丙丁", min_size=1, max_size=8), min_size=2, max_size=8))
    def test_stable_text_stays_whatever_is_decoded_later(self, texts: list[str]) -> None:
        shown = ""
        for outcome in play(Reciter(*texts), corrector=Corrector(Upper())):
            if outcome.closed:
                assert outcome.closed[0].text.startswith(shown)
                shown = ""
            stable = outcome.partial.text[: outcome.partial.stable]
            assert stable.startswith(shown)
            shown = stable


class TestHotwords:
    def test_they_are_given_to_the_correction_in_simplified_characters(self) -> None:
        seen = []

        class Listening(Upper):
            def spell(self, run: str, keep: int = 0, hotwords: Any = ()) -> str:
                seen.extend(hotwords)
                return run

        params = StreamParams("zh", Script.TRADITIONAL, hotwords=("國慶",))
        play(Reciter("你好"), params, Corrector(Listening()))
        assert {word.text for word in seen} == {"国庆"}

    def test_without_a_corrector_they_are_refused(self) -> None:
        with pytest.raises(NotSupportedError, match="script takes no hotwords"):
            LiveRecognizer(Reciter(""), OPTIONS).open(StreamParams("zh", hotwords=("国庆",)))

    @pytest.mark.parametrize("word", ["", "国", "Qing", "国 庆", "国" * 13])
    def test_what_is_no_word_of_han_characters_is_refused(self, word: str) -> None:
        recognizer = LiveRecognizer(Reciter(""), OPTIONS, corrector=Corrector(cast(Any, Upper())))
        with pytest.raises(NotSupportedError, match="2 to 12 Chinese characters"):
            recognizer.open(StreamParams("auto", hotwords=("国庆", word)))
        with pytest.raises(NotSupportedError, match="takes no hotwords"):
            recognizer.open(StreamParams("en", hotwords=("国庆",)))


class TestLanguages:
    """What "auto" chooses from."""

    class Listener(Reciter):
        """Keeps what each window says of languages."""

        def __init__(self, *texts: str) -> None:
            super().__init__(*texts)
            self.said: list[tuple[tuple[str, ...], str, str]] = []

        def _decode(self, window: Window) -> Decoded:
            self.said.append((window.languages, window.before, window.shown))
            return super()._decode(window)

    def test_a_stream_has_the_choice_of_the_server_unless_it_has_its_own(self) -> None:
        recognizer = LiveRecognizer(Reciter("一"), OPTIONS, languages=("zh", "en"))
        assert recognizer.open(StreamParams()).params.languages == ("zh", "en")
        own = StreamParams(languages=("en",))
        assert recognizer.open(own).params.languages == ("en",)
        assert recognizer.open(StreamParams("zh")).params.languages == ()

    def test_a_choice_that_the_model_does_not_have_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"asr\.languages: script does not recognise ja, ko"):
            LiveRecognizer(Reciter("一"), OPTIONS, languages=("zh", "ja", "ko"))

    def test_a_window_knows_the_language_of_the_text_that_is_shown(self) -> None:
        engine = self.Listener("", "", "一二", "一二三")
        play(engine, StreamParams(languages=("zh", "en")))
        assert {languages for languages, _, _ in engine.said} == {("zh", "en")}
        shown = [each for _, _, each in engine.said]
        assert shown[:3] == ["", "", ""]
        assert shown[3] == "zh"
