"""Chemical formulas: H2O, Fe2O3, Ca(OH)2, NaCl: letter by letter, their figures as numbers."""

from __future__ import annotations

import re

from liusheng.han import HAN
from liusheng.tts.text import numbers
from liusheng.tts.text.rules.patterns import Match, Rule
from liusheng.tts.text.rules.words import SpokenWord, say, spell

_ELEMENTS = frozenset(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se "
    "Br Kr Rb Sr Zr Nb Mo Ag Cd In Sn Sb Te I Xe Cs Ba La Ce W Pt Au Hg Pb Bi U".split()
)
# Without a figure a formula looks like a word: only those that are often written.
_PLAIN = (
    "NaCl NaOH HCl KCl KOH CaO MgO FeO ZnO CuO HBr NaF AgCl AgBr KBr NaBr SiC GaN GaAs FeS ZnS CuS"
).split()
_GRADES = frozenset("BCFS")
"""Elements that are marks, too: B+, C-."""

_MANY_ATOMS = re.compile(r"(?<![CHO])\d\d")
"""Not of organic matter: KN95."""

_PART = re.compile(r"([A-Z][a-z]?)|(\d+)|([()])")


def _formula(match: Match) -> list[SpokenWord] | None:
    parts = _PART.findall(match[0])
    symbols = [symbol for symbol, _, _ in parts if symbol]
    if not set(symbols) <= _ELEMENTS or len(symbols) < 2 or _MANY_ATOMS.search(match[0]):
        return None
    return _spelt(match[0])


def _spelt(formula: str) -> list[SpokenWord]:
    words: list[SpokenWord] = []
    for symbol, number, _ in _PART.findall(formula):
        if symbol:
            words += spell(symbol)
        elif number:
            words.append(SpokenWord(numbers.cardinal(number), plain=True))
    return words


def _ion(match: Match) -> list[SpokenWord] | None:
    """Ca2+, Na+, OH-, SO42-: the figure before the sign is the charge, unless it is the only one
    of a group: NH4+."""
    body, figures, sign = match["body"], match["figures"], match["sign"]
    symbols = [symbol for symbol, _, _ in _PART.findall(body) if symbol]
    if not set(symbols) <= _ELEMENTS:
        return None
    if match["charge"] is not None:
        subscript, charge = figures, match["charge"]
    elif body == symbols[0] or len(figures) == 2:
        subscript, charge = figures[:-1], figures[-1:]
    else:
        subscript, charge = figures, ""
    if not figures and not charge and body in _GRADES:
        return None
    words = _spelt(body)
    for number in filter(None, (subscript, charge)):
        words.append(SpokenWord(numbers.cardinal(number), plain=True))
    return [*words, *say("正" if sign == "+" else "负")]


RULES: list[Rule] = [
    (
        re.compile(
            r"(?<![A-Za-z\d.-])(?P<body>(?:[A-Z][a-z]?\d?){0,3}[A-Z][a-z]?)(?P<figures>\d{0,2})"
            rf"(?:\^(?P<charge>\d?))?(?P<sign>[+-])(?=[\s，。、；：）)和与及的离]|$|[{HAN}])"
        ),
        _ion,
    ),
    (
        re.compile(
            # At least one figure that is no more than two digits; no letter or figure beside it.
            r"(?<![A-Za-z\d.-])(?=[A-Za-z()]*\d)(?:[A-Z][a-z]?(?:[2-9]|[1-9]\d)?(?!\d)"
            r"|\((?:[A-Z][a-z]?[2-9]?){1,4}\)[2-9]?){2,12}(?![A-Za-z\d.-])"
        ),
        _formula,
    ),
    (
        re.compile(rf"(?<![A-Za-z])(?:{'|'.join(_PLAIN)})(?![A-Za-z])"),
        _formula,
    ),
]
