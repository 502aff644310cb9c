"""The best corrections of several hypotheses together.

What a hypothesis has wrong, another often has right, or wrong with a more telling sound. The
lattices of homophones of all of them (`liusheng.asr.correction.lattice`) are joined where the
hypotheses agree, as in a confusion network (Mangu, Brill and Stolcke 2000). A path's score is the
log probability of its words, less the penalties of changed characters, less what the hypotheses
that it follows lack in likelihood.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from liusheng.asr.correction.divergence import ComparedText, Place, compare
from liusheng.asr.correction.hotwords import Hotword
from liusheng.asr.correction.lexicon import HomophoneLexicon
from liusheng.asr.correction.trigram import Trigram
from liusheng.asr.options import CorrectionOptions
from liusheng.han import HAN

_RUN = re.compile(f"[{HAN}]+")
_FLATTENING = 0.5
"""Factor of the hypotheses' log probabilities: those of a beam search are too sure of the first."""
_BONUS = 1.5
"""log10, for each Han character, lest shorter texts be likelier."""
_PATHS = 12
"""Kept at a place; each has another text or another context."""


class _Arc(NamedTuple):
    """A word from one place to another.

    cost: of its changed characters and of the hypothesis, log10.
    gain: its log10 probability; None: the language model's.
    state: the context after it, where `gain` is not the language model's; None: the one before.
    """

    end: Place
    word: str
    cost: float
    gain: float | None = None
    state: Any = None


class JointLattice:
    """Corrects several hypotheses together."""

    def __init__(
        self, lexicon: HomophoneLexicon, trigram: Trigram, options: CorrectionOptions
    ) -> None:
        self._lexicon = lexicon
        self._trigram = trigram
        self._options = options

    def best(
        self, hypotheses: Sequence[tuple[str, float]], hotwords: Sequence[Hotword] = ()
    ) -> list[tuple[str, float]]:
        """Return different texts with their scores (log10), the best first; at least one.

        Texts that differ in marks only count as the same.

        Args:
            hypotheses: texts with their log probabilities (natural), the likeliest first, none of
                them empty.
            hotwords: expected words.
        """
        weights: dict[str, float] = {}
        for text, score in hypotheses:
            weight = math.exp(_FLATTENING * (score - hypotheses[0][1]))
            weights[text] = weights.get(text, 0.0) + weight
        compared = compare(list(weights.items()))
        found: dict[str, tuple[str, float]] = {}
        for text, score in self._paths(self._arcs(compared, hotwords), compared[0].places[-1]):
            found.setdefault("".join(filter(str.isalnum, text)), (text, score))
        return list(found.values())

    def _paths(self, arcs: dict[Place, list[_Arc]], last: Place) -> Iterator[tuple[str, float]]:
        """Yield the best paths' texts and scores, the best first."""
        places: defaultdict[Place, dict[tuple[Any, str], float]] = defaultdict(dict)
        places[Place(0, 0)][self._trigram.sentence_start, ""] = 0.0
        for place in sorted(arcs, key=lambda each: each.order):
            paths = heapq.nlargest(_PATHS, places.pop(place, {}).items(), key=_score)
            for (state, text), score in paths:
                for arc in arcs[place]:
                    gain, after = arc.gain, arc.state or state
                    if gain is None:
                        gain, after = self._trigram.score(state, arc.word)
                    key = after, text + arc.word
                    total = score + gain - arc.cost + _BONUS * _characters(arc.word)
                    there = places[arc.end]
                    if total > there.get(key, -math.inf):
                        there[key] = total
        for (_, text), score in heapq.nlargest(_PATHS, places[last].items(), key=_score):
            yield text, score

    def _arcs(
        self, hypotheses: Sequence[ComparedText], hotwords: Sequence[Hotword]
    ) -> dict[Place, list[_Arc]]:
        """Return the arcs that begin at each place, of equal ones the cheapest."""
        found: defaultdict[Place, dict[tuple[Place, str, bool], _Arc]] = defaultdict(dict)
        for each in hypotheses:
            arcs = []
            for begin, end, arc in self._words(each.text, hotwords):
                cost = arc.cost + sum(each.costs[begin:end])
                arcs.append((each.places[begin], arc._replace(end=each.places[end], cost=cost)))
            for start, arc in arcs:
                key = arc.end, arc.word, arc.gain is None
                other = found[start].get(key)
                if other is None or arc.cost - (arc.gain or 0) < other.cost - (other.gain or 0):
                    found[start][key] = arc
        return {place: list(arcs.values()) for place, arcs in found.items()}

    def _words(self, text: str, hotwords: Sequence[Hotword]) -> Iterator[tuple[int, int, _Arc]]:
        """Yield the words that a hypothesis may mean, with the characters they stand for."""
        nowhere = Place(0, 0)
        for i, character in enumerate(text):
            if not _RUN.match(character):
                # What follows anything else is a sentence of its own; see `Lattice`.
                yield i, i + 1, _Arc(nowhere, character, 0.0, 0.0, self._trigram.sentence_start)
        for match in _RUN.finditer(text):
            run = match[0]
            for at, words in enumerate(self._lexicon.candidates(run, 0, self._options)):
                begin = match.start() + at
                if not any(each.word == run[at] for each in words):
                    yield begin, begin + 1, _Arc(nowhere, run[at], 0.0)
                for each in words:
                    yield begin, begin + len(each.word), _Arc(nowhere, each.word, each.cost)
                for hotword in hotwords:
                    gain = hotword.score(self._lexicon, run, at, 0)
                    if gain is not None:
                        arc = _Arc(nowhere, hotword.text, 0.0, gain, self._trigram.no_context)
                        yield begin, begin + len(hotword.text), arc


def _score(path: tuple[tuple[Any, str], float]) -> float:
    return path[1]


def _characters(word: str) -> int:
    """Return how many Han characters a word of one kind has."""
    return len(word) if _RUN.match(word) else 0
