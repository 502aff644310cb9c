"""The best correction of a run of Han characters: a Viterbi search in a lattice of homophones.

Most errors of small models in Mandarin are homophones. Each word that sounds like a part of the run
is an arc of the lattice; the score of a path is the log probability of its words by the language
model, less a penalty for each changed character.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from liusheng.asr.correction.hotwords import Hotword
from liusheng.asr.correction.lexicon import Candidate, HomophoneLexicon
from liusheng.asr.correction.trigram import Trigram
from liusheng.asr.options import CorrectionOptions


@dataclass(frozen=True)
class _Path:
    score: float
    state: Any
    word: str = ""
    before: _Path | None = None

    def text(self) -> str:
        words = []
        path: _Path | None = self
        while path:
            words.append(path.word)
            path = path.before
        return "".join(reversed(words))


class Lattice:
    """Corrects runs of Han characters."""

    def __init__(
        self, lexicon: HomophoneLexicon, trigram: Trigram, options: CorrectionOptions
    ) -> None:
        self._lexicon = lexicon
        self._trigram = trigram
        self._options = options

    def spell(self, run: str, keep: int = 0, hotwords: Sequence[Hotword] = ()) -> str:
        """Return the best correction, of the same length as `run`.

        Args:
            run: Han characters only.
            keep: number of leading characters that must not change; they are the context.
            hotwords: expected words.
        """
        return self._best(run, keep, hotwords).text()

    def likelihood(self, run: str, hotwords: Sequence[Hotword] = ()) -> float:
        """Return the log10 probability of a run, uncorrected."""
        return self._best(run, len(run), hotwords).score

    def _best(self, run: str, keep: int, hotwords: Sequence[Hotword]) -> _Path:
        start = self._trigram.sentence_start
        arcs = self._arcs(run, keep)
        places: list[dict[Any, _Path]] = [{} for _ in range(len(run) + 1)]
        places[0][start] = _Path(0.0, start)
        for at, words in enumerate(arcs):
            paths = heapq.nlargest(self._options.beam, places[at].values(), key=_path_score)
            places[at].clear()
            expected = [
                (hotword.text, gain)
                for hotword in hotwords
                if (gain := hotword.score(self._lexicon, run, at, keep)) is not None
            ]
            for path in paths:
                for word in words:
                    gain, state = self._trigram.score(path.state, word.word)
                    _add_path(places[at + len(word.word)], path, gain - word.cost, state, word.word)
                for text, gain in expected:
                    state = self._trigram.no_context
                    _add_path(places[at + len(text)], path, gain, state, text)
        return max(places[-1].values(), key=_path_score)

    def _arcs(self, run: str, keep: int) -> list[list[Candidate]]:
        """Return the arcs that begin at each position; always one for the character itself."""
        arcs = self._lexicon.candidates(run, keep, self._options)
        for character, words in zip(run, arcs, strict=True):
            if not any(c.word == character for c in words):
                words.append(Candidate(character, 0.0))
        return arcs


def _path_score(path: _Path) -> float:
    return path.score


def _add_path(place: dict[Any, _Path], path: _Path, gain: float, state: Any, word: str) -> None:
    """Add a path to a position; of two with the same state the better one is kept."""
    score = path.score + gain
    other = place.get(state)
    if other is None or other.score < score:
        place[state] = _Path(score, state, word, path)
