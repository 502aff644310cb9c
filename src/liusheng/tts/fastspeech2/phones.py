"""From pinyin syllables to the phones that the Mandarin acoustic model was trained on.

They follow the annotation of the Baker corpus (DataBaker, Chinese Standard Mandarin Speech Corpus):
initials, finals with tones 1 to 5 and, after each syllable, a prosody mark for the strength of the
boundary before the next one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeAlias

SILENCE = "sil"
END = "eos"
_ZERO_INITIAL = "^"
_ERHUA = "er5"
_INITIALS = (
    "zh", "ch", "sh", "b", "c", "d", "f", "g", "h", "j", "k", "l", "m",
    "n", "p", "q", "r", "s", "t", "x", "z",
)  # fmt: skip
_PINYIN = re.compile(r"([a-zü]+)([0-5]?)")
# Interjections without a vowel, which the corpus does not have: the nearest syllable instead.
_HUMMED = {"m": "en", "n": "en", "hm": "hen", "hng": "heng", "ê": "ei"}


class Boundary(str, Enum):
    """The prosodic boundary after a syllable, as the corpus marks it."""

    NONE = "#0"
    """Inside a word."""
    WORD = "#1"
    PHRASE = "#3"
    """A pause, as at a comma."""


Unit: TypeAlias = tuple[str, Boundary]
"""A syllable in pinyin with its tone as a digit (hang2, lv4, er5), and the boundary after it."""


@dataclass(frozen=True)
class Phones:
    """A clause as input of the acoustic model.

    ids: one for each phone and boundary mark, between silences, and the end mark.
    spans: for each unit, the half-open range of its phones in `ids`; empty for a syllable that
        Mandarin does not have.
    """

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]


class PhoneTable:
    """The model's inventory of phones (phones.json, written by the conversion).

    Raises:
        ValueError: the file is not such a table.
    """

    def __init__(self, path: Path) -> None:
        table = json.loads(path.read_text("utf-8"))
        try:
            self._ids: dict[str, int] = table["phones"]
            self._syllables: dict[str, list[str]] = table["syllables"]
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path} is not a phone table: pull the model again") from error
        self._names: dict[int, str] = {number: name for name, number in self._ids.items()}

    def name(self, number: int) -> str:
        """The phone or mark with this id."""
        return self._names[number]

    def syllable(self, pinyin: str) -> tuple[str, ...]:
        """The phones of a syllable: `hang2` → h, ang2; `huar1` → h, ua1, er5; () if unknown."""
        match = _PINYIN.fullmatch(pinyin.lower().replace("u:", "v"))
        if match is None:
            return ()
        base, tone = match[1].replace("ü", "v"), match[2]
        tone = "5" if tone in {"", "0"} else tone
        base = _HUMMED.get(base, base)
        suffix: tuple[str, ...] = ()
        if base.endswith("r") and base not in self._syllables:
            base, suffix = base[:-1], (_ERHUA,)
        parts = self._parts(base)
        if parts is None:
            return ()
        initial, final = parts
        return (initial, final + tone, *suffix)

    def encode(self, units: Sequence[Unit]) -> Phones:
        """The phones of a clause.

        A neutral 儿 (er5) inside a word becomes the rhotacisation of the syllable before it, as the
        corpus annotates it. The last syllable has no boundary mark: silence follows.
        """
        names = [SILENCE]
        spans: list[tuple[int, int]] = []
        mark: Boundary | None = None
        for pinyin, after in units:
            phones = self.syllable(pinyin)
            if not phones:
                spans.append((len(names), len(names)))
                continue
            if phones == (_ZERO_INITIAL, _ERHUA) and mark is Boundary.NONE:
                phones = (_ERHUA,)
            elif mark is not None:
                names.append(mark.value)
            spans.append((len(names), len(names) + len(phones)))
            names.extend(phones)
            mark = after
        names += [SILENCE, END]
        return Phones(tuple(self._ids[name] for name in names), tuple(spans))

    def _parts(self, base: str) -> tuple[str, str] | None:
        """Initial and final (without tone) of a syllable that has one."""
        listed = self._syllables.get(base)
        if listed is not None:
            return listed[0], listed[1]
        # A rare syllable (cei, fiao, eng) that is not in the model's list.
        for initial in _INITIALS:
            if base.startswith(initial):
                final = base[len(initial) :]
                return (initial, final) if final + "1" in self._ids else None
        return None
