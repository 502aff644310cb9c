"""Translation by the live decoder: each utterance once, when it is whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from liusheng.asr.capabilities import NotSupportedError
from liusheng.asr.in_process import InProcessStream
from liusheng.asr.live.decoder import LiveRecognizer
from liusheng.asr.offline.engine import Decoded, Effort, Window
from liusheng.asr.options import LiveOptions, VadOptions
from liusheng.asr.text.pieces import Piece
from liusheng.asr.types import SAMPLE_RATE, StreamParams, Utterance
from liusheng.asr.vad.activity import SpeechActivityDetector
from tests.support.letters import LETTER, LetterEngine, speak
from tests.support.level_detector import LevelDetector

OPTIONS = LiveOptions(interval=0.0, hold=0.0, vad=VadOptions(pre_roll=0.0))


class Interpreter(LetterEngine):
    """Hears letters of Mandarin, and writes them as large ones where it translates."""

    languages = ("zh", "en")
    translates = True

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        results = super().decode(windows, effort)
        return [
            Decoded(
                tuple(Piece(p.text.upper(), p.start, p.end) for p in result.pieces)
                if window.translate
                else result.pieces,
                "zh",
            )
            for window, result in zip(windows, results, strict=True)
        ]


def test_an_utterance_is_translated_once_when_it_is_whole() -> None:
    engine = Interpreter()
    recognizer = LiveRecognizer(engine, OPTIONS)
    stream = InProcessStream(
        recognizer,
        StreamParams(translate=True),
        SpeechActivityDetector(OPTIONS.vad, LevelDetector()),
    )
    audio = np.concatenate([speak("abc"), np.zeros(SAMPLE_RATE, np.float32), speak("de")])
    closed: list[Utterance] = []
    for at in range(0, len(audio), LETTER):
        outcome = stream.advance(audio[at : at + LETTER], last=at + LETTER >= len(audio))
        assert outcome.partial.text == ""
        closed += outcome.closed
    assert [(each.text, each.lang) for each in closed] == [("A B C", "en"), ("D E", "en")]
    assert [effort for effort, _ in engine.decodes] == [Effort.FINAL, Effort.FINAL]
    assert [window.before for window in engine.windows] == ["", "zh"], "of what is spoken"


def test_models_that_do_not_translate_refuse() -> None:
    recognizer = LiveRecognizer(LetterEngine(), OPTIONS)
    with pytest.raises(NotSupportedError, match="letters does not translate"):
        recognizer.open(StreamParams(translate=True))
    with pytest.raises(NotSupportedError, match="no hotwords"):
        LiveRecognizer(Interpreter(), OPTIONS).open(StreamParams(translate=True, hotwords=("ab",)))
