"""Money: a sign or a code before or after the number, scales (万, 亿, K, M, B), ranges, 元/人."""

from __future__ import annotations

import re

from liusheng.han import HAN
from liusheng.tts.text.rules.patterns import (
    FRESH,
    NUMBER,
    PER,
    TO,
    Match,
    Rule,
    any_of,
    sign_words,
)
from liusheng.tts.text.rules.words import SpokenWord, amount, joined, plain, say, scaled
from liusheng.tts.text.symbols import CURRENCIES, UNITS

_ZEROS = {
    "k": 3, "thousand": 3, "m": 6, "mn": 6, "million": 6, "b": 9, "bn": 9, "billion": 9,
    "t": 12, "trillion": 12,
}  # fmt: skip
"""How many zeros a scale of English stands for: $5M is 五百万美元."""

_SCALE = r"(?:万亿|千亿|百亿|十亿|亿|千万|百万|十万|万|千)"
_ENGLISH_SCALE = r"(?:[kKmMbBT]|mn|bn|thousand|million|billion|trillion)(?![A-Za-z])"
_SIGN = any_of(CURRENCIES)
_EACH = r"kg|g|t|L|mL|ml|km|m²|m2|㎡|m³|m3|m|h|min|s|kWh|cm"


def _money(match: Match) -> list[SpokenWord]:
    """¥12.50, $5M, HK$20万, ¥10-20, ￥99/月"""
    words = [*sign_words(match["minus"] or match["inner"])]
    unit = (match["scale"] or "") + CURRENCIES[match["sign"]]
    if match["to"]:
        words += [*plain(_amount(match["n"], match["zeros"] or match["zeros2"])), *say("到")]
        number, zeros = match["to"], match["zeros2"] or match["zeros"]
    else:
        number, zeros = match["n"], match["zeros"]
    words += joined(_amount(number, zeros), unit)
    return [*words, *say("每" + match["per"])] if match["per"] else words


def _amount(number: str, zeros: str | None) -> list[SpokenWord]:
    if zeros:
        return amount(scaled(number, _ZEROS[zeros.lower()]))
    return amount(number.rstrip("0").rstrip(".") if "." in number else number)


def _money_after(match: Match) -> list[SpokenWord]:
    """100RMB, 50 USD, 20€, 5万USD"""
    return joined(amount(match["n"]), (match["scale"] or "") + CURRENCIES[match["sign"].upper()])


def _each(match: Match) -> list[SpokenWord]:
    """The slash of 22.5元/kg and 100元/人."""
    return say("每" + UNITS.get(match["u"], match["u"]) if match["u"] else "每")


RULES: list[Rule] = [
    (
        re.compile(
            # sign, number, scale, a second number, a scale, a word for the currency again, /人
            rf"(?P<minus>-)?(?P<sign>{_SIGN})\s?(?P<inner>-)?(?P<n>{NUMBER})"
            rf"(?: ?(?P<zeros>{_ENGLISH_SCALE}))?"
            rf"(?:\s?{TO}\s?(?:{_SIGN})?\s?(?P<to>{NUMBER})(?: ?(?P<zeros2>{_ENGLISH_SCALE}))?)?"
            rf"\s?(?P<scale>{_SCALE})?(?:美元|欧元|日元|元)?(?:/(?P<per>{PER}))?(?!\d)"
        ),
        _money,
    ),
    (
        re.compile(
            rf"{FRESH}(?P<n>{NUMBER})\s?(?P<scale>{_SCALE})?\s?(?P<sign>{_SIGN}|rmb|usd|cny|eur)"
            r"(?![A-Za-z\d])"
        ),
        _money_after,
    ),
    (
        re.compile(
            r"(?<=[元块片粒颗丸支滴喷美欧镑币次个件米里升克斤吨瓦度分帧字页人张台辆份袋箱瓶包盒桶车转声下万亿角\"″])/"
            rf"(?:(?P<u>{_EACH})(?![A-Za-z])|(?=[{HAN}]))"
        ),
        _each,
    ),
]
