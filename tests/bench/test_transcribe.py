from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liusheng.asr.capabilities import Capabilities
from liusheng.asr.recognizer import Outcome, Turn
from liusheng.asr.types import Partial, StreamParams, Utterance, Word
from liusheng.bench.transcribe import offline_transcriber, simulate_live, transcribe_live
from liusheng.models.types import InstalledModel, Kind, Task
from tests.support.unprepared import PlainRecognizer

SAMPLES = np.zeros(32_000, np.float32)


class WordRecognizer(PlainRecognizer):
    """Recognises a word for each half second; the second word is wrong in its first partial."""

    languages: tuple[str, ...] = ("en",)
    sticky = False
    words = ("one", "two", "three", "four")

    def capabilities(self, lang: str) -> Capabilities:
        return Capabilities("words")

    def open(self, params: StreamParams) -> int:
        return 0

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        return [self._advance(turn) for turn in turns]

    def _advance(self, turn: Turn) -> Outcome:
        position = turn.state + len(turn.pcm) // 2
        count = position // 8000
        if turn.last:
            words = tuple(Word(w, i / 2, (i + 1) / 2) for i, w in enumerate(self.words[:count]))
            text = " ".join(w.text for w in words)
            return Outcome(position, (Utterance(0, text, words, "en", 0, 2),), Partial(1), position)
        text = " ".join(self.words[:count]).replace("two", "too" if count == 2 else "two")
        return Outcome(position, (), Partial(0, text), position)

    def forget(self, states: Sequence[Any]) -> None:
        pass


def test_a_live_transcript_and_its_delays() -> None:
    transcript = transcribe_live(WordRecognizer(), SAMPLES, "en", turn=0.5)
    assert transcript.text == "one two three four"
    # "two" was right half a second late, the others at once.
    assert transcript.delays == pytest.approx((0.0, 0.5, 0.0, 0.0))
    assert transcript.final_latency == 0.0


def test_a_slow_turn_delays_the_next_one_which_takes_more_audio() -> None:
    clock = iter([0.0, 1.2, 1.2, 1.3, 1.3, 1.4])  # the first turn takes 1.2 s, the others 0.1 s
    outcomes = list(simulate_live(WordRecognizer(), SAMPLES, "en", 0.5, lambda: next(clock)))
    assert [at for at, _ in outcomes] == pytest.approx([1.7, 1.8, 2.1])
    # After 1.7 s there are 1.2 s of new audio, which the second turn takes at once.
    assert outcomes[1][1].state == round(1.7 * 16_000)


def test_no_audio_has_an_empty_transcript() -> None:
    transcript = transcribe_live(WordRecognizer(), SAMPLES[:0], "en")
    assert (transcript.text, transcript.delays, transcript.final_latency) == ("", (), 0.0)


def test_an_online_model_has_no_offline_transcriber(tmp_path: Path) -> None:
    model = InstalledModel("m", Task.ASR, Kind.HIBARI, tmp_path, {}, ("en",))
    with pytest.raises(ValueError, match="hibari"):
        offline_transcriber(model)
