"""The rules for written forms: a pattern for each, and the words it is read as.

Where two match at the same place, the earlier in `RULES` goes first; a handler that returns None
gives the next its turn.
"""

from __future__ import annotations

from liusheng.tts.text.rules import (
    addresses,
    chemistry,
    clock,
    codes,
    dates,
    days,
    figures,
    formulas,
    fractions,
    functions,
    labels,
    money,
    phones,
    quantities,
    ranges,
    roman,
    scores,
    signs,
    temperature,
    timings,
)
from liusheng.tts.text.rules.patterns import Rule

RULES: list[Rule] = [
    *addresses.RULES,
    figures.LIST_ITEM,
    *days.RULES,
    *dates.RULES,
    *timings.RULES,
    *clock.RULES,
    *phones.RULES,
    formulas.DISCOUNT,
    *codes.RULES,
    *chemistry.RULES,
    *roman.RULES,
    formulas.EQUATION,
    *functions.RULES,
    *scores.SPORTS,
    *labels.RULES,
    *money.RULES,
    *fractions.RULES,
    *temperature.RULES,
    *ranges.RULES,
    *scores.RULES,
    quantities.DIMENSIONS,
    *quantities.RULES,
    formulas.FORMULA,
    *figures.RULES,
    *formulas.RULES,
    *signs.RULES,
    figures.LEFT_OVER,
]

__all__ = ["RULES"]
