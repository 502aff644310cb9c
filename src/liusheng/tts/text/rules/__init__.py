"""The rules for written forms: a pattern for each, and the words it is read as.

Where two match at the same place, the earlier in `RULES` goes first; a handler that returns None
gives the next its turn.
"""

from __future__ import annotations

from liusheng.tts.text.rules import addresses, amounts, codes, dates, figures, formulas
from liusheng.tts.text.rules.patterns import Rule

RULES: list[Rule] = [
    *addresses.RULES,
    figures.LIST_ITEM,
    *dates.RULES,
    *codes.RULES,
    *amounts.RULES,
    formulas.FORMULA,
    *figures.RULES,
    *formulas.RULES,
]

__all__ = ["RULES"]
