"""The words of a language model, indexed by their pronunciation."""

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

MAX_WORD_LENGTH = 5
"""Characters in the longest word."""

_READINGS = 3
"""Maximum for a character."""
_KEYS = 8
"""Maximum of readings of a part of a run that are searched for."""
_KEY_BITS = 10
_COMMON = -3.5
"""log10 probability above which a word of one character is one of the most frequent; there are 95
in libime's model."""


@dataclass(frozen=True)
class Candidate:
    """A word for a position of a run.

    cost: penalty for the characters that it changes, log10, zero or more.
    """

    word: str
    cost: float


class HomophoneLexicon:
    """Words with their readings, searched by pronunciation without tone and accent.

    entries: (word, syllables with tones); a word may have several entries, the most common reading
        first. Words longer than `MAX_WORD_LENGTH` are left out.
    prior: returns the log10 probability of a word, which ranks candidates.
    """

    def __init__(
        self,
        entries: Iterable[tuple[str, Sequence[str]]],
        prior: Callable[[str], float] | None = None,
    ) -> None:
        self.syllables = Syllables()
        self._readings: dict[str, list[int]] = {}
        self._common: set[str] = set()
        keys, texts, toned, priors = array("q"), array("I"), array("H"), array("f")
        for word, reading in entries:
            if len(word) > MAX_WORD_LENGTH:
                continue
            row = [self.syllables.toned(syllable) for syllable in reading]
            if len(row) != len(word):
                raise ValueError(f"{word} has {len(word)} characters but {len(row)} syllables")
            if len(word) == 1:
                self._readings.setdefault(word, []).append(row[0])
                if prior and prior(word) > _COMMON:
                    self._common.add(word)
            padding = [0] * (MAX_WORD_LENGTH - len(word))
            keys.append(self._key(row))
            texts.extend([ord(character) for character in word] + padding)
            toned.extend(row + padding)
            priors.append(prior(word) if prior else 0.0)
        order = np.argsort(np.array(keys, np.int64), kind="stable")
        self._keys = np.array(keys, np.int64)[order]
        self._characters = np.array(texts, np.uint32).reshape(-1, MAX_WORD_LENGTH)[order]
        self._texts = self._characters.view(f"U{MAX_WORD_LENGTH}")[:, 0]
        self._toned = np.array(toned, np.uint16).reshape(-1, MAX_WORD_LENGTH)[order]
        self._prior = np.array(priors, np.float32)[order]

    def readings(self, character: str) -> list[int]:
        """Return the syllables (see `Syllables.toned`) of a character, the most common first."""
        return self._readings.get(character, [])

    def is_common(self, character: str) -> bool:
        """Return whether a character is one of the most frequent words, such as 的, 你 or 好."""
        return character in self._common

    def candidates(self, run: str, keep: int, options: CorrectionOptions) -> list[list[Candidate]]:
        """Return the words that may begin at each position of a run of Han characters.

        They sound like the characters there; words of one character must not differ in accent.

        Args:
            keep: number of leading characters that must not change.
            options: penalties, and the maximum of words of each length at a position, of which the
                best are returned.
        """
        readings = [self.readings(character)[:_READINGS] for character in run]
        parts = [
            (at, length, key)
            for at in range(len(run))
            for length in range(1, min(MAX_WORD_LENGTH, len(run) - at) + 1)
            for key in self._search_keys(readings[at : at + length])
        ]
        found: list[list[Candidate]] = [[] for _ in run]
        if not parts or not len(self._keys):
            return found
        searched = np.array([key for _, _, key in parts], np.int64)
        low = np.searchsorted(self._keys, searched, "left")
        counts = np.searchsorted(self._keys, searched, "right") - low
        rows = np.repeat(low - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        starts = np.repeat(np.array([at for at, _, _ in parts], np.int64), counts)
        lengths = np.repeat(np.array([length for _, length, _ in parts], np.int64), counts)
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
        """Return the penalty of each row at its position; infinity where it is not allowed."""
        padded = run + "\0" * MAX_WORD_LENGTH
        characters = np.array([ord(character) for character in padded], np.uint32)
        known = np.full((len(padded), _READINGS), -1, np.int64)
        for at, each in enumerate(readings):
            known[at, : len(each)] = each
        places = starts[:, None] + np.arange(MAX_WORD_LENGTH)
        inside = np.arange(MAX_WORD_LENGTH) < lengths[:, None]
        changed = inside & (self._characters[rows] != characters[places])
        toned = self._toned[rows].astype(np.int64)[:, :, None]
        recognized = known[places]
        plain = (toned // 8 == recognized // 8).any(2)
        costs = np.where(
            (toned == recognized).any(2),
            options.penalty_same,
            np.where(plain, options.penalty_tone, options.penalty_accent),
        )
        total: npt.NDArray[np.float64] = np.where(changed, costs, 0.0).sum(1)
        forbidden = (changed & (places < keep)).any(1) | ((lengths == 1) & ~plain[:, 0])
        total[forbidden] = np.inf
        return total

    def _search_keys(self, readings: Sequence[Sequence[int]]) -> Iterator[int]:
        """Yield the keys of the readings of a part of a run."""
        yield from dict.fromkeys(
            self._key(reading) for reading in islice(product(*readings), _KEYS)
        )

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
