"""The second pass of an online model: an offline model hears each closed utterance again.

The online model's text is shown while somebody speaks, the offline model's is what stays. Where
the offline model does not know the utterance's language, or hears nothing in it, the first text
stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from liusheng.asr.correction.corrector import Corrector
from liusheng.asr.live.utterance import OpenUtterance
from liusheng.asr.offline.engine import Decoded, Effort, OfflineEngine, Window
from liusheng.asr.text.pieces import Piece
from liusheng.asr.text.script import polish
from liusheng.asr.text.spelling import likelier, speller
from liusheng.asr.types import SAMPLE_RATE, StreamParams, Utterance


@dataclass(frozen=True)
class Spoken:
    """A closed utterance as the first pass has it, and its audio.

    begin: the audio's first sample, from the start of the stream.
    pcm: the audio, int16; empty where nobody wants it.
    cut: it was ended by its length: the speaker went on.
    """

    utterance: Utterance
    begin: int
    pcm: bytes
    cut: bool


class SecondPass:
    """An offline engine that hears utterances again.

    corrector: of Mandarin's spelling, where the engine's is to be corrected.
    """

    def __init__(self, engine: OfflineEngine, corrector: Corrector | None = None) -> None:
        self.engine = engine
        self._corrector = corrector

    def hear(self, spoken: Sequence[tuple[StreamParams, Spoken]]) -> list[Utterance]:
        """Return utterances as they are heard now, together where that is cheaper, in order."""
        again = [
            (place, params, each)
            for place, (params, each) in enumerate(spoken)
            if each.utterance.lang in self.engine.languages
        ]
        utterances = [each.utterance for _, each in spoken]
        if again:
            windows = [_window(params, each) for _, params, each in again]
            decoded = self.engine.decode(windows, Effort.FINAL)
            for (place, params, each), found in zip(again, decoded, strict=True):
                utterances[place] = self._rewritten(params, each, found) or each.utterance
        return utterances

    def _rewritten(
        self, params: StreamParams, spoken: Spoken, decoded: Decoded
    ) -> Utterance | None:
        pieces: Sequence[Piece] = decoded.pieces
        spell = None
        if self._corrector and decoded.lang == "zh":
            spell = speller(self._corrector, params)
            if decoded.rival:
                pieces = likelier(self._corrector, params, pieces, decoded.rival)
        heard = OpenUtterance(spoken.begin).updated(
            _placed(params, spoken, decoded.lang, pieces),
            lang=decoded.lang,
            decoded_until=0,
            final=True,
            horizon=0.0,
            spell=spell,
        )
        if params.nbest > 1:
            others = [(_placed(params, spoken, decoded.lang, p), s) for p, s in decoded.others]
            heard = heard.reconsidered(decoded.score or 0.0, others, spell)
        first = spoken.utterance
        longest = spoken.begin / SAMPLE_RATE + _seconds(spoken)
        found = heard.closed(first.index, first.start, first.end, longest, spoken.cut, params.nbest)
        return found and replace(found, start=found.words[0].start, end=found.words[-1].end)


def _window(params: StreamParams, spoken: Spoken) -> Window:
    samples = np.frombuffer(spoken.pcm, "<i2").astype(np.float32) / np.float32(32768)
    begin = spoken.begin / SAMPLE_RATE
    first = spoken.utterance
    return Window(
        samples,
        first.lang,
        timed=True,
        speech=(max(0.0, first.start - begin), first.end - begin),
        nbest=params.nbest,
    )


def _placed(
    params: StreamParams, spoken: Spoken, lang: str, pieces: Sequence[Piece]
) -> list[Piece]:
    """Return what was decoded, as it is written, and where it is in the stream."""
    begin, longest = spoken.begin / SAMPLE_RATE, _seconds(spoken)
    return [
        replace(p, start=begin + min(p.start, longest), end=begin + min(p.end, longest))
        for p in polish(pieces, lang, params.script)
    ]


def _seconds(spoken: Spoken) -> float:
    return len(spoken.pcm) / (2 * SAMPLE_RATE)
