"""Figures in Chinese text as words: text normalisation, by wetext's grammar with exceptions.

The grammar reads ranges as dates (10-20%) and fails on thousands with commas; these are rewritten
before. Names with figures (GPT4, 3D) stay.
"""

from __future__ import annotations

import re

from liusheng.asr.text.grammar import to_words

_DIGITS = "零一二三四五六七八九"

# 10-20%, 2020-2024年, 3-5天: from one to the other.
_SHARES = re.compile(r"(?<![\d.-])(\d+(?:\.\d+)?)%?[-~–—](\d+(?:\.\d+)?)(?=%)")
_YEARS = re.compile(r"(?<!\d)(\d{4})年?[-~–—至到](\d{4})(?=年)")
_SPANS = re.compile(
    r"(?<![A-Za-z\d.-])(?!0\d)(\d{1,6}(?:\.\d+)?)[-~–—](\d{1,6}(?:\.\d+)?)(?=[一-鿿℃°])"
)
_SCORES = re.compile(
    r"(?:(?<=比分)|(?<=比分[是为])|(?<=[以比])|(?<=战胜|输给|打成))(\d{1,3})[-:：](\d{1,3})(?![\d-])"
    r"|(?<![\d-])(\d{1,3})[-:：](\d{1,3})(?=[获战取大险]胜|领先|逆转|击败|落后|告负)"
)
_YEAR = re.compile(r"(?<!\d)(\d{4})(?=年)")
_BORN = re.compile(r"(?<![\d.])([05-9][05]|10)(?=后(?![面来边天才就]))")
_DAYS = re.compile(r"(?<![\d.])(\d{1,2})·(\d{1,2})(?![\d.])")
_THOUSANDS = re.compile(
    r"(?<![\d.,A-Za-z])([$¥￥€£] ?)?(\d{1,3}(?:,\d{3})+(?:\.\d+)?)(?![\d,])( ?%)?"
)
# Codes, rooms and 1米75, digit by digit.
_CODES = re.compile(
    r"((?:验证码|密码|尾号|号码|编号|邮编|卡号)[是为]?[:：]?\s?)(\d{3,})(?![\d.])"
    r"|(?<![\d.A-Za-z-])()(\d{3,4})(?=[室房])|(?<=\d米)()(\d\d)(?![\d.])"
)
_PLUS = re.compile(r"(?<=[A-Za-z])\+(?=\d)")

_UNITS = {
    "km/h": "公里每小时", "m/s": "米每秒", "km": "公里", "m": "米", "cm": "厘米", "mm": "毫米",
    "m²": "平方米", "㎡": "平方米", "m³": "立方米",
    "kg": "公斤", "g": "克", "mg": "毫克", "ml": "毫升", "mL": "毫升", "L": "升", "Hz": "赫兹",
    "kHz": "千赫", "MHz": "兆赫", "GHz": "吉赫", "W": "瓦", "kW": "千瓦", "V": "伏", "ms": "毫秒",
}  # fmt: skip
_NUMBER = r"(?<![A-Za-z\d.,_+-])(\d+(?:,\d{3})*(?:\.\d+)?)"
_MEASURES = re.compile(
    rf"{_NUMBER} ?({'|'.join(sorted(_UNITS, key=len, reverse=True))})(?![A-Za-z\d/²³-])"
)
_BYTES = re.compile(rf"{_NUMBER} ?([KMGT]B)(?![A-Za-z\d/-])")
# In ASCII: a Han character is no part of a name. A name does not begin inside a number.
_NAMES = re.compile(
    r"[A-Za-z][A-Za-z_.-]*\d(?:[A-Za-z\d_.-]*[A-Za-z\d_])?"
    r"|(?<![\d.,])\d+[A-Za-z](?:[A-Za-z\d_.-]*[A-Za-z\d_])?"
)


def chinese_in_words(text: str) -> str:
    """Return a Chinese text with its figures as words."""
    text = _MEASURES.sub(lambda m: _amount(m[1]) + _UNITS[m[2]], text)
    text = _BYTES.sub(lambda m: _amount(m[1]) + m[2], text)
    text = _THOUSANDS.sub(
        lambda m: m[0].replace(",", "") if m[1] or m[3] else _amount(m[2]),
        text,
    )
    text = _SHARES.sub(r"\1%到\2", text)
    text = _YEARS.sub(r"\1年到\2", text)
    text = _SCORES.sub(lambda score: "比".join(filter(None, score.groups())), text)
    text = _SPANS.sub(r"\1到\2", text)
    for digits in (_YEAR, _BORN, _DAYS):
        text = digits.sub(_one_by_one, text)
    text = _CODES.sub(_read_out, text.replace("÷", "除以"))
    text = _PLUS.sub("加", text)
    done = ""
    at = 0
    for name in _NAMES.finditer(text):
        done += to_words(text[at : name.start()]) + name[0]
        at = name.end()
    return done + to_words(text[at:])


def _amount(figures: str) -> str:
    """Read a number as an amount: alone, the grammar takes five figures for a code."""
    return to_words(figures.replace(",", "") + "元").removesuffix("元")


def _one_by_one(match: re.Match[str]) -> str:
    return _digits(match[0])


def _read_out(match: re.Match[str]) -> str:
    name, *codes = (group for group in match.groups() if group is not None)
    return name + _digits(codes[0])


def _digits(figures: str) -> str:
    return "".join(_DIGITS[int(char)] for char in figures if char.isdecimal())
