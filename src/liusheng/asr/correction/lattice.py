"""The best spelling of a run of Han characters: a Viterbi search over words that sound alike.

Errors of small models in Mandarin are mostly right sounds with wrong characters. Each word that
sounds like a stretch of the run is an arc; a path is worth what the language model says of its
words, less a penalty for each character that it changes.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from liusheng.asr.correction.hotwords import Hotword
from liusheng.asr.correction.lexicon import Candidate, Lexicon
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


_UNREAD = -2.0
"""log10 probability of a character where there is no language model."""


class Lattice:
    """Spells runs of Han characters.

    trigram: of words; without it nothing is changed but for hotwords.
    """

    def __init__(
        self, lexicon: Lexicon, trigram: Trigram | None, options: CorrectionOptions
    ) -> None:
        self._lexicon = lexicon
        self._trigram = trigram
        self._options = options

    @property
    def judges(self) -> bool:
        """Whether there is a language model."""
        return self._trigram is not None

    def spell(self, run: str, keep: int = 0, hotwords: Sequence[Hotword] = ()) -> str:
        """Return the best spelling, as long as `run`.

        Args:
            run: Han characters only.
            keep: so many leading characters stay; they say what comes before.
            hotwords: words that are expected.
        """
        return self._best(run, keep, hotwords).text()

    def likelihood(self, run: str, hotwords: Sequence[Hotword] = ()) -> float:
        """Return the log10 probability of a run as it stands."""
        return self._best(run, len(run), hotwords).score

    def _best(self, run: str, keep: int, hotwords: Sequence[Hotword]) -> _Path:
        beginning = self._trigram.beginning if self._trigram else None
        arcs = self._arcs(run, keep)
        places: list[dict[Any, _Path]] = [{} for _ in range(len(run) + 1)]
        places[0][beginning] = _Path(0.0, beginning)
        for at, words in enumerate(arcs):
            paths = heapq.nlargest(self._options.beam, places[at].values(), key=_score)
            places[at].clear()
            expected = [
                (hotword.text, gain)
                for hotword in hotwords
                if (gain := hotword.gain(self._lexicon, run, at, keep)) is not None
            ]
            for path in paths:
                for word in words:
                    gain, state = self._gain(path.state, word.word)
                    _offer(places[at + len(word.word)], path, gain - word.cost, state, word.word)
                for text, gain in expected:
                    state = self._trigram.nowhere if self._trigram else None
                    _offer(places[at + len(text)], path, gain, state, text)
        return max(places[-1].values(), key=_score)

    def _arcs(self, run: str, keep: int) -> list[list[Candidate]]:
        """Return for each place the words that may begin there; the character itself always."""
        arcs: list[list[Candidate]] = [[] for _ in run]
        if self._trigram:
            arcs = self._lexicon.candidates(run, keep, self._options)
        for character, words in zip(run, arcs, strict=True):
            if not any(c.word == character for c in words):
                words.append(Candidate(character, 0.0))
        return arcs

    def _gain(self, state: Any, word: str) -> tuple[float, Any]:
        return self._trigram.score(state, word) if self._trigram else (_UNREAD, None)


def _score(path: _Path) -> float:
    return path.score


def _offer(place: dict[Any, _Path], path: _Path, gain: float, state: Any, word: str) -> None:
    """Let a path arrive at a place; of two with the same future the better one goes on."""
    score = path.score + gain
    other = place.get(state)
    if other is None or other.score < score:
        place[state] = _Path(score, state, word, path)
