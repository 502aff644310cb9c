"""The words of a language model by how they sound."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from liusheng.asr.correction.syllables import Syllables
from liusheng.asr.options import CorrectionOptions

LONGEST = 5
"""Characters in the longest word."""

_READINGS = 3
"""Of a character, at most."""
_KEYS = 8
"""Ways to read a stretch of characters that are looked up, at most."""
_KEY_BITS = 10


@dataclass(frozen=True)
class Candidate:
    """A word that may stand in a place.

    cost: of the characters it changes, log10, zero or more.
    """

    word: str
    cost: float


class Lexicon:
    """Words with their readings, found by sound.

    entries: (word, toned syllables); a word may come with several readings, the most common first.
        Words longer than `LONGEST` are left out.
    prior: the log10 probability of a word, by which the better of many candidates are kept.
    """

    def __init__(
        self,
        entries: Iterable[tuple[str, Sequence[str]]],
        prior: Callable[[str], float] | None = None,
    ) -> None:
        self.syllables = Syllables()
        self._readings: dict[str, list[int]] = {}
        keys, texts, toned, priors = array("q"), array("I"), array("H"), array("f")
        for word, reading in entries:
            if len(word) > LONGEST:
                continue
            row = [self.syllables.toned(syllable) for syllable in reading]
            if len(row) != len(word):
                raise ValueError(f"{word} has {len(word)} characters but {len(row)} syllables")
            if len(word) == 1:
                self._readings.setdefault(word, []).append(row[0])
            padding = [0] * (LONGEST - len(word))
            keys.append(self._key(row))
            texts.extend([ord(character) for character in word] + padding)
            toned.extend(row + padding)
            priors.append(prior(word) if prior else 0.0)
        order = np.argsort(np.array(keys, np.int64), kind="stable")
        self._keys = np.array(keys, np.int64)[order]
        self._characters = np.array(texts, np.uint32).reshape(-1, LONGEST)[order]
        self._texts = self._characters.view(f"U{LONGEST}")[:, 0]
        self._toned = np.array(toned, np.uint16).reshape(-1, LONGEST)[order]
        self._prior = np.array(priors, np.float32)[order]

    def readings(self, character: str) -> list[int]:
        """Return the toned syllables that a character is read with, the most common first."""
        return self._readings.get(character, [])

    def candidates(self, run: str, keep: int, options: CorrectionOptions) -> list[list[Candidate]]:
        """Return for each place in a run of Han characters the words that may begin there.

        The words that sound like what stands there: like single characters without accent.

        Args:
            keep: so many leading characters are not to be changed.
            options: what changes cost, and how many words of a length are to be found for a place:
                the most promising ones.
        """
        readings = [self.readings(character)[:_READINGS] for character in run]
        sites = [
            (at, length, key)
            for at in range(len(run))
            for length in range(1, min(LONGEST, len(run) - at) + 1)
            for key in self._ways(readings[at : at + length])
        ]
        found: list[list[Candidate]] = [[] for _ in run]
        if not sites or not len(self._keys):
            return found
        wanted = np.array([key for _, _, key in sites], np.int64)
        low = np.searchsorted(self._keys, wanted, "left")
        counts = np.searchsorted(self._keys, wanted, "right") - low
        rows = np.repeat(low - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        starts = np.repeat(np.array([at for at, _, _ in sites], np.int64), counts)
        lengths = np.repeat(np.array([length for _, length, _ in sites], np.int64), counts)
        costs = self._costs(rows, starts, lengths, run, readings, keep, options)
        allowed = np.isfinite(costs)
        rows, starts, lengths = rows[allowed], starts[allowed], lengths[allowed]
        costs = costs[allowed]
        order = np.lexsort((costs - self._prior[rows], lengths, starts))
        taken: Counter[tuple[int, int]] = Counter()
        seen: set[tuple[int, str]] = set()
        for start, length, word, cost in zip(
            starts[order].tolist(),
            lengths[order].tolist(),
            self._texts[rows[order]].tolist(),
            costs[order].tolist(),
            strict=True,
        ):
            if taken[start, length] < options.candidates and (start, word) not in seen:
                taken[start, length] += 1
                seen.add((start, word))
                found[start].append(Candidate(word, cost))
        return found

    def _costs(
        self,
        rows: npt.NDArray[np.int64],
        starts: npt.NDArray[np.int64],
        lengths: npt.NDArray[np.int64],
        run: str,
        readings: Sequence[Sequence[int]],
        keep: int,
        options: CorrectionOptions,
    ) -> npt.NDArray[np.float64]:
        """Return what each row costs in its place; infinity where it must not stand."""
        padded = run + "\0" * LONGEST
        characters = np.array([ord(character) for character in padded], np.uint32)
        known = np.full((len(padded), _READINGS), -1, np.int64)
        for at, each in enumerate(readings):
            known[at, : len(each)] = each
        places = starts[:, None] + np.arange(LONGEST)
        inside = np.arange(LONGEST) < lengths[:, None]
        changed = inside & (self._characters[rows] != characters[places])
        toned = self._toned[rows].astype(np.int64)[:, :, None]
        heard = known[places]
        plain = (toned // 8 == heard // 8).any(2)
        costs = np.where(
            (toned == heard).any(2),
            options.penalty_same,
            np.where(plain, options.penalty_tone, options.penalty_accent),
        )
        total: npt.NDArray[np.float64] = np.where(changed, costs, 0.0).sum(1)
        forbidden = (changed & (places < keep)).any(1) | ((lengths == 1) & ~plain[:, 0])
        total[forbidden] = np.inf
        return total

    def _ways(self, readings: Sequence[Sequence[int]]) -> Iterator[int]:
        """Yield the keys of a stretch of characters."""
        yield from dict.fromkeys(self._key(way) for way in islice(product(*readings), _KEYS))

    def _key(self, row: Sequence[int]) -> int:
        key = 0
        for toned in row:
            key = key << _KEY_BITS | (self.syllables.sound(toned) + 1)
        return key


def read_lexicon(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the entries of a file of lines "WORD SYLLABLE ...", e.g. 声音 sheng1 yin1.

    Raises:
        OSError: it cannot be read.
    """
    with path.open(encoding="utf-8") as file:
        for line in file:
            word, *reading = line.split()
            yield word, reading
