"""Speech that a decode leaves out is decoded again; what is no speech is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from liusheng.asr.in_process import InProcessStream
from liusheng.asr.live.decoder import LiveRecognizer
from liusheng.asr.offline import second_hearing
from liusheng.asr.offline.engine import Decoded, Effort, Window
from liusheng.asr.options import LiveOptions, VadOptions
from liusheng.asr.text.pieces import Piece, spread
from liusheng.asr.types import SAMPLE_RATE, StreamParams, Utterance
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.audio.pcm import Samples
from tests.support.letters import LETTER, LetterEngine, speak
from tests.support.level_detector import LevelDetector

_PAUSE = 3 * LETTER / SAMPLE_RATE


class HastyEngine(LetterEngine):
    """Ends its text at the first pause, or begins after the last one; and its last word reaches to
    the end of the window, as alignments have it."""

    def __init__(self, *, drops_first: bool = False) -> None:
        super().__init__()
        self._drops_first = drops_first

    def _read(self, samples: Samples, effort: Effort) -> tuple[Piece, ...]:
        pieces = list(super()._read(samples, effort))
        breaks = [n for n in range(1, len(pieces)) if _apart(pieces[n - 1], pieces[n])]
        if not pieces:
            return ()
        if self._drops_first:
            pieces = pieces[breaks[-1] :] if breaks else pieces
            return (replace(pieces[0], start=0.0), *pieces[1:])
        pieces = pieces[: breaks[0]] if breaks else pieces
        return (*pieces[:-1], replace(pieces[-1], end=len(samples) / SAMPLE_RATE))


def _apart(one: Piece, other: Piece) -> bool:
    return other.start - one.end > _PAUSE / 2


def play(engine: LetterEngine, audio: Samples, seconds: float) -> list[Utterance]:
    """Return what is recognised of audio that comes in turns of some seconds."""
    live = LiveRecognizer(engine)
    stream = InProcessStream(
        live, StreamParams(), SpeechActivityDetector(live.options.vad, LevelDetector())
    )
    step = int(seconds * SAMPLE_RATE)
    return [
        utterance
        for start in range(0, len(audio), step)
        for utterance in stream.advance(
            audio[start : start + step], start + step >= len(audio)
        ).closed
    ]


SENTENCES = "  abcdefgh   ghijabcd   bcdefghi      "


@pytest.mark.parametrize("seconds", [0.1, 0.3, 100.0])
@pytest.mark.parametrize("drops_first", [False, True])
def test_every_sentence_is_heard_live_and_whole(seconds: float, drops_first: bool) -> None:
    (utterance,) = play(HastyEngine(drops_first=drops_first), speak(SENTENCES), seconds)
    assert utterance.text.replace(" ", "") == SENTENCES.replace(" ", "")
    places = [t for word in utterance.words for t in (word.start, word.end)]
    assert places == sorted(places)
    second = utterance.words[8]
    assert second.start == pytest.approx(13 * LETTER / SAMPLE_RATE, abs=0.05)


class DoubtfulDetector(LevelDetector):
    """Is never as certain as the default threshold asks."""

    def probabilities(self, state: Any, samples: Samples) -> tuple[Any, Any]:
        state, found = super().probabilities(state, samples)
        return state, found * np.float32(0.5)


def test_speech_that_a_lower_threshold_opens_keeps_its_text() -> None:
    vad = VadOptions(threshold=0.3, release=0.2)
    live = LiveRecognizer(LetterEngine(), LiveOptions(vad=vad))
    stream = InProcessStream(live, StreamParams(), SpeechActivityDetector(vad, DoubtfulDetector()))
    (utterance,) = stream.advance(speak(f"  {'abcdefgh' * 3}      "), True).closed
    assert utterance.text.replace(" ", "") == "abcdefgh" * 3


class CountingEngine(LetterEngine):
    """Counts batches."""

    def __init__(self) -> None:
        super().__init__()
        self.batches = 0

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        self.batches += 1
        return super().decode(windows, effort)


def test_where_nothing_is_unheard_nothing_is_decoded_again() -> None:
    engine = CountingEngine()
    play(engine, speak(SENTENCES), 100.0)
    assert engine.batches == 1


SPEECH = Window(np.full(5 * SAMPLE_RATE, 0.3, np.float32), "en", timed=True, speech=(0.5, 4.5))
WORDS = Decoded(spread(["today", " we", " walk"], 0.5, 1.5), "en")


class ScriptedEngine(LetterEngine):
    """Returns `WORDS` for the whole window, then what the test says."""

    def __init__(self, *then: Decoded) -> None:
        super().__init__()
        self._then = list(then)

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        self.windows += windows
        return [
            WORDS if len(window.samples) == len(SPEECH.samples) else self._then.pop(0)
            for window in windows
        ]


def hear(
    *then: Decoded,
    effort: Effort = Effort.FINAL,
    certain: tuple[tuple[float, float], ...] | None,
) -> tuple[ScriptedEngine, Decoded]:
    engine = ScriptedEngine(*then)
    (decoded,) = second_hearing.decode(engine, [replace(SPEECH, certain=certain)], effort)
    return engine, decoded


AFTER = ((0.5, 1.5), (2.5, 4.5))


def test_what_is_heard_is_joined_in_its_place() -> None:
    said = Decoded(spread(["in", " the", " park"], 0.3, 2.2), "en", -0.4)
    engine, decoded = hear(said, certain=AFTER)
    assert "".join(piece.text for piece in decoded.pieces) == "today we walk in the park"
    assert decoded.pieces[3].start == pytest.approx(2.5)
    assert decoded.unheard == ()
    again = engine.windows[1]
    assert len(again.samples) / SAMPLE_RATE == pytest.approx(2.6)
    assert again.speech == pytest.approx((0.3, 2.3))


@pytest.mark.parametrize(
    "said",
    [
        Decoded((), "en"),
        Decoded(spread([" ."], 0.3, 2.2), "en", -0.2),
        # Unlikely, as a model finds words in a breath.
        Decoded(spread(["Thank", " you"], 0.3, 2.2), "en", -1.4),
        # More than anybody says in that time.
        Decoded(spread(["subscribe"] * 20, 0.3, 2.2), "en", -0.1),
        Decoded(spread(["好"] * 60, 0.3, 2.2), "en", -0.1),
    ],
)
def test_words_that_nobody_said_are_not_joined(said: Decoded) -> None:
    engine, decoded = hear(said, certain=AFTER)
    assert decoded.pieces == WORDS.pieces
    assert decoded.unheard == (pytest.approx((2.5, 4.5)),)
    assert len(engine.windows) == 2, "it is not tried again"


def test_a_partial_is_not_decoded_again_but_tells_what_it_lacks() -> None:
    engine, decoded = hear(effort=Effort.PARTIAL, certain=AFTER)
    assert len(engine.windows) == 1
    assert decoded.unheard == (pytest.approx((2.5, 4.5)),)


def test_without_a_detectors_word_nothing_is_decoded_again() -> None:
    engine, decoded = hear(certain=None)
    assert len(engine.windows) == 1
    assert decoded is WORDS


@pytest.mark.parametrize("effort", list(Effort))
def test_more_words_than_there_is_speech_are_invented(effort: Effort) -> None:
    _, decoded = hear(effort=effort, certain=())
    assert decoded.pieces == ()
    _, decoded = hear(effort=effort, certain=((0.5, 0.7),))
    assert decoded.pieces == WORDS.pieces


def test_quiet_speech_is_decoded_louder() -> None:
    quiet = replace(SPEECH, samples=SPEECH.samples * np.float32(0.001), certain=AFTER)
    engine = ScriptedEngine(Decoded((), "en"))
    second_hearing.decode(engine, [quiet], Effort.FINAL)
    assert np.abs(engine.windows[1].samples).max() > 10 * np.abs(quiet.samples).max()


def test_rounds_are_bounded() -> None:
    # Each second hearing finds one word more and leaves the rest.
    class Slow(LetterEngine):
        def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
            self.windows += windows
            return [Decoded((Piece(" a", w.speech[0], w.speech[0] + 0.2),), "en") for w in windows]

    engine = Slow()
    window = replace(SPEECH, certain=((0.5, 4.5),))
    second_hearing.decode(engine, [window], Effort.FINAL)
    assert len(engine.windows) == 4
