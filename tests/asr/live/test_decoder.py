"""The live decoder over a model whose hearing is exact, so that what is done to it can be seen."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liusheng.asr.capabilities import NotSupportedError
from liusheng.asr.in_process import InProcessStream
from liusheng.asr.live.decoder import LiveRecognizer
from liusheng.asr.offline.engine import Decoded, Effort, OfflineEngine, Window
from liusheng.asr.options import LiveOptions, VadOptions
from liusheng.asr.recognizer import Outcome, Turn
from liusheng.asr.text.pieces import Piece
from liusheng.asr.types import SAMPLE_RATE, Partial, StreamParams, Utterance
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.audio.pcm import Samples
from tests.support.examples import examples
from tests.support.letter_texts import spoken_texts
from tests.support.letters import LETTER, LetterEngine, speak
from tests.support.level_detector import LevelDetector


def recogniser(engine: OfflineEngine, options: LiveOptions | None = None) -> LiveRecognizer:
    return LiveRecognizer(engine, options)


def stream(live: LiveRecognizer) -> InProcessStream:
    detector = SpeechActivityDetector(live.options.vad, LevelDetector())
    return InProcessStream(live, StreamParams(), detector)


def play(
    live: LiveRecognizer, audio: Samples, cuts: list[int], *, pickled: bool = False
) -> list[Outcome]:
    """Play audio in turns that end at `cuts`."""
    playing = stream(live)
    ends = sorted({min(c, len(audio)) for c in cuts} | {len(audio)})
    outcomes = []
    start = 0
    for end in ends:
        if pickled:
            playing.state = pickle.loads(pickle.dumps(playing.state))
        outcomes.append(playing.advance(audio[start:end], end == len(audio)))
        start = end
    return outcomes


def letters_of(outcomes: list[Outcome]) -> str:
    return "".join(u.text for o in outcomes for u in o.closed).replace(" ", "")


def every(seconds: float, audio: Samples) -> list[int]:
    step = int(seconds * SAMPLE_RATE)
    return list(range(step, len(audio), step))


_cuts = st.lists(st.integers(1, 60 * LETTER), max_size=25)
_SHORT = LiveOptions(
    vad=VadOptions(long_after=2.0, max_utterance=3.0, endpoint=0.7), trim=1.5, keep=0.5, hold=0.2
)


@given(spoken_texts, _cuts, _cuts)
@settings(max_examples=examples(30), deadline=None)
def test_no_letter_is_lost_or_doubled_however_the_audio_comes(
    text: str, cuts: list[int], others: list[int]
) -> None:
    audio = speak(text)
    live = recogniser(LetterEngine())
    assert letters_of(play(live, audio, cuts)) == text.replace(" ", "")
    assert letters_of(play(live, audio, others)) == text.replace(" ", "")


@given(spoken_texts, _cuts)
@settings(max_examples=examples(30), deadline=None)
def test_long_speech_is_cut_and_trimmed_without_loss(text: str, cuts: list[int]) -> None:
    audio = speak(text)
    heard = letters_of(play(recogniser(LetterEngine(), _SHORT), audio, cuts))
    assert heard == text.replace(" ", "")


@given(spoken_texts, _cuts, st.integers(0, 4), st.sampled_from([LiveOptions(), _SHORT]))
@settings(max_examples=examples(40), deadline=None)
def test_what_every_outcome_promises(
    text: str, cuts: list[int], doubt: int, options: LiveOptions
) -> None:
    audio = speak(text)
    outcomes = play(recogniser(LetterEngine(doubt), options), audio, cuts)
    shown = Partial(0)
    closed: list[Utterance] = []
    for outcome in outcomes:
        for utterance in outcome.closed:
            assert utterance.index == len(closed)
            if shown.index == utterance.index:
                assert utterance.text.startswith(shown.text[: shown.stable])
            closed.append(utterance)
        partial = outcome.partial
        assert partial.index == len(closed)
        assert 0 <= partial.stable <= len(partial.text)
        if partial.index == shown.index:
            assert partial.text.startswith(shown.text[: shown.stable])
        shown = partial
        kept = outcome.covered - outcome.needs
        assert kept <= (options.vad.max_utterance + options.vad.pre_roll + 1) * SAMPLE_RATE
    assert outcomes[-1].partial.text == ""
    for utterance in closed:
        assert utterance.text.replace(" ", "") == "".join(w.text for w in utterance.words)
        places = [t for w in utterance.words for t in (w.start, w.end)]
        assert places == sorted(places)
        assert places[0] >= 0
        assert places[-1] <= len(audio) / SAMPLE_RATE
    for one, next_one in pairwise(closed):
        assert one.end <= next_one.start


@given(spoken_texts, _cuts, st.integers(0, 4))
@settings(max_examples=examples(15), deadline=None)
def test_a_state_can_be_sent_to_another_process(text: str, cuts: list[int], doubt: int) -> None:
    audio = speak(text)
    live, other = (recogniser(LetterEngine(doubt), _SHORT) for _ in range(2))
    stayed = play(live, audio, cuts)
    sent = play(other, audio, cuts, pickled=True)
    assert [(o.closed, o.partial) for o in stayed] == [(o.closed, o.partial) for o in sent]


@given(st.lists(spoken_texts, min_size=2, max_size=4), st.integers(1, 20))
@settings(max_examples=10, deadline=None)
def test_streams_of_a_batch_do_not_mix(texts: list[str], seed: int) -> None:
    live = recogniser(LetterEngine())
    audios = [speak(t) for t in texts]
    streams = [stream(live) for _ in audios]
    step = seed * 3000
    heard = ["" for _ in audios]
    for start in range(0, max(map(len, audios)), step):
        turns = [
            s.turn(a[start : start + step], start + step >= max(map(len, audios)))
            for s, a in zip(streams, audios, strict=True)
        ]
        for i, outcome in enumerate(live.advance(turns)):
            streams[i].done(outcome)
            heard[i] += letters_of([outcome])
    assert heard == [t.replace(" ", "") for t in texts]


class Preparer(LiveRecognizer):
    """Prepares every turn before it takes it."""

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        return super().advance([self.prepare(turn) for turn in turns])


@given(text=spoken_texts, cuts=st.lists(st.integers(0, 200_000), max_size=8))
@settings(max_examples=examples(30), deadline=None)
def test_a_turn_that_was_prepared_has_the_same_outcome(text: str, cuts: list[int]) -> None:
    plain, prepared = LetterEngine(doubt=1), LetterEngine(doubt=1)
    audio = speak(text)
    outcomes = play(Preparer(prepared), audio, cuts)
    assert outcomes == play(recogniser(plain), audio, cuts)
    assert all(window.encoded is not None for window in prepared.windows)


def test_nothing_is_decoded_in_silence() -> None:
    engine = LetterEngine()
    audio = np.zeros(20 * SAMPLE_RATE, np.float32)
    outcomes = play(recogniser(engine), audio, every(0.1, audio))
    assert engine.decodes == []
    assert all(o.partial == Partial(0) and not o.closed for o in outcomes)
    assert len(audio) - outcomes[-2].needs < SAMPLE_RATE


def test_a_click_opens_no_utterance() -> None:
    engine = LetterEngine()
    audio = np.zeros(2 * SAMPLE_RATE, np.float32)
    audio[SAMPLE_RATE : SAMPLE_RATE + 1000] = 0.5
    play(recogniser(engine), audio, every(0.1, audio))
    assert engine.decodes == []


def test_a_pause_settles_the_text_and_its_endpoint_needs_no_decode() -> None:
    engine = LetterEngine()
    audio = speak("  abcdef" + " " * 8)
    outcomes = play(recogniser(engine), audio, every(0.1, audio))
    finals = [seconds for effort, seconds in engine.decodes if effort is Effort.FINAL]
    assert len(finals) == 1
    settled = next(i for i, o in enumerate(outcomes) if o.partial.text == "a b c d e f")
    closed = next(i for i, o in enumerate(outcomes) if o.closed)
    assert settled < closed
    assert outcomes[closed].closed[0].text == "a b c d e f"


def _closing_window(audio: Samples, cuts: list[int], settle: float) -> Samples:
    """Return the samples that the text of an utterance is of, in the end."""
    engine = LetterEngine()
    play(recogniser(engine, LiveOptions(settle=settle)), audio, cuts)
    finals = [i for i, (effort, _) in enumerate(engine.decodes) if effort is Effort.FINAL]
    return engine.windows[finals[-1]].samples


@pytest.mark.parametrize("settle", [LiveOptions().settle, 0.4])  # 0.4: beyond the hang-over
@given(st.text("abcd", min_size=2, max_size=20), st.floats(0, 1.2), st.integers(0, 9), _cuts, _cuts)
@settings(max_examples=examples(30), deadline=None)
def test_a_final_is_of_the_same_samples_however_the_audio_comes(
    settle: float, word: str, pause: float, seed: int, cuts: list[int], others: list[int]
) -> None:
    background = np.random.default_rng(seed).uniform(-2e-3, 2e-3, round(pause * SAMPLE_RATE))
    audio = np.concatenate([speak("  " + word), background.astype(np.float32)])
    window = _closing_window(audio, cuts, settle)
    for differently in (others, every(0.085, audio), []):
        assert np.array_equal(window, _closing_window(audio, differently, settle))


def test_an_utterance_is_not_decoded_more_often_than_the_interval() -> None:
    engine = LetterEngine()
    audio = speak("  " + "abcdefghij" * 3)
    play(recogniser(engine, LiveOptions(interval=1.0)), audio, every(0.05, audio))
    assert len([e for e, _ in engine.decodes if e is Effort.PARTIAL]) <= 5


def test_a_whole_file_at_once_costs_one_final_for_each_utterance() -> None:
    engine = LetterEngine()
    outcome = play(recogniser(engine), speak("  abcdef        ghijab        cdefgh  "), [])[0]
    assert [effort for effort, _ in engine.decodes] == [Effort.FINAL] * 3
    assert [u.text for u in outcome.closed] == ["a b c d e f", "g h i j a b", "c d e f g h"]


def test_an_engine_gets_whether_others_wait() -> None:
    engine = LetterEngine()
    live = recogniser(engine)
    audio = speak("  abcdef        ")
    live.advance([stream(live).turn(audio, last=True, spare=spare) for spare in (True, False)])
    assert [window.spare for window in engine.windows] == [True, False]


def test_words_that_stand_leave_the_window() -> None:
    engine = LetterEngine()
    options = LiveOptions(trim=4.0, keep=2.0, hold=0.5)
    audio = speak("  " + "abcdefghij" * 10)
    outcomes = play(recogniser(engine, options), audio, every(0.3, audio))
    assert letters_of(outcomes) == "abcdefghij" * 10
    assert max(seconds for e, seconds in engine.decodes if e is Effort.PARTIAL) < 5.5


def test_the_first_sound_before_the_speech_is_decoded_too() -> None:
    live = recogniser(LetterEngine())
    audio = speak("  abcdef      ")
    # The first letter is too faint for the detector, not for the model.
    audio[2 * LETTER : 3 * LETTER] = 1 / 200
    assert letters_of(play(live, audio, every(0.1, audio))) == "\x01bcdef"


def test_the_engine_gets_the_place_of_speech_in_the_window() -> None:
    engine = LetterEngine()
    play(recogniser(engine), speak("     abcdef       "), [])
    first, last = engine.windows[0].speech
    assert first == pytest.approx(VadOptions().pre_roll, abs=0.032)
    assert last - first == pytest.approx(6 * LETTER / SAMPLE_RATE)


class SlurringEngine(LetterEngine):
    """Lets its first and last pieces reach to the window's ends, as attention does."""

    def _read(self, samples: Samples, effort: Effort) -> tuple[Piece, ...]:
        first, *inner, last = super()._read(samples, effort)
        end = len(samples) / SAMPLE_RATE
        return (Piece(first.text, 0.0, first.end), *inner, Piece(last.text, last.start, end))


def test_words_are_inside_the_speech() -> None:
    utterance = play(recogniser(SlurringEngine()), speak("     abcdef       "), [])[0].closed[0]
    assert utterance.words[0].start == utterance.start
    assert utterance.words[-1].end == utterance.end


class DraftingEngine(LetterEngine):
    """Gives for a draft how much it has decoded."""

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        return [
            replace(decoded, draft=(len(window.samples),))
            for window, decoded in zip(windows, super().decode(windows, effort), strict=True)
        ]


def test_a_window_that_has_grown_comes_with_the_draft_of_its_last_decode() -> None:
    engine = DraftingEngine()
    options = LiveOptions(trim=4.0, keep=2.0, hold=0.5)
    audio = speak("  " + "abcdefghij" * 5 + " " * 10 + "abcdefghij")
    play(recogniser(engine, options), audio, every(0.3, audio))
    drafts = [window.draft for window in engine.windows]
    assert drafts[0] == ()
    assert drafts.count(()) > 3, "none where words have left the window, nor for what is new"
    for before, window in pairwise(engine.windows):
        if window.draft:
            same = window.samples[: window.draft[0]]
            assert len(before.samples) == window.draft[0]
            assert np.array_equal(same, before.samples[: len(same)])


class PolyglotEngine(LetterEngine):
    """Takes what begins with a letter before "e" for English and the rest for French."""

    languages = ("en", "fr")

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        read = [d.pieces for d in super().decode(windows, effort)]
        found = ["fr" if p and p[0].text.strip() >= "e" else "en" for p in read]
        return [
            Decoded(pieces, lang if window.lang == "auto" else window.lang)
            for window, pieces, lang in zip(windows, read, found, strict=True)
        ]


def test_the_language_of_an_utterance_is_found_once() -> None:
    engine = PolyglotEngine()
    audio = speak("  " + "efghij" * 7 + "       ")
    outcomes = play(recogniser(engine), audio, every(0.3, audio))
    asked = [window.lang for window in engine.windows]
    first = asked.index("fr")
    assert first > 1, "a moment of speech does not tell"
    assert set(asked[:first]) == {"auto"}
    assert set(asked[first:]) == {"fr"}
    assert [u.lang for o in outcomes for u in o.closed] == ["fr"]


def test_the_next_utterance_is_expected_in_the_same_language() -> None:
    engine = PolyglotEngine()
    audio = speak("  efghij" + " " * 10 + "abcdab" + " " * 10)
    closed = [u for o in play(recogniser(engine), audio, every(0.3, audio)) for u in o.closed]
    assert [u.lang for u in closed] == ["fr", "en"]
    assert engine.windows[0].before == ""
    assert engine.windows[-1].before == "fr"


def test_a_language_that_the_model_has_not_is_refused() -> None:
    with pytest.raises(NotSupportedError, match=r"letters does not recognise 'zh'; it has: en"):
        recogniser(LetterEngine()).open(StreamParams("zh"))


def test_utterances_longer_than_the_models_window_are_refused() -> None:
    with pytest.raises(ValueError, match=r"max_utterance = 29 is too long: .* at most 28 s"):
        recogniser(LetterEngine(), LiveOptions(vad=VadOptions(max_utterance=29.0)))


def test_a_state_is_small() -> None:
    live = recogniser(LetterEngine())
    audio = speak("  " + "abcdefghij" * 8)
    state = play(live, audio, [len(audio) - 1000])[0].state
    assert len(pickle.dumps(state)) < 5_000


def test_a_turn_without_the_audio_that_is_needed_is_refused() -> None:
    live = recogniser(LetterEngine())
    turn = stream(live).turn(speak("  abcdef      "))
    with pytest.raises(ValueError, match=r"begins at sample 12800; sample \d+ is needed"):
        live.advance([replace(turn, pcm=turn.pcm[2 * 12_800 :], start=12_800)])
    with pytest.raises(ValueError, match="needs the speech activity"):
        live.advance([replace(turn, activity=None)])
