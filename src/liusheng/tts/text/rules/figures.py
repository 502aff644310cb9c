"""Bare numbers, with letters or without: what is left when nothing more special matched."""

from __future__ import annotations

import re

from liusheng.han import HAN
from liusheng.tts.text import numbers
from liusheng.tts.text.rules import context
from liusheng.tts.text.rules.hyphens import is_minus
from liusheng.tts.text.rules.patterns import (
    FRESH,
    MEASURE,
    MEASURED,
    NUMBER,
    SIGN,
    UNIT,
    Match,
    Rule,
    after,
    before,
    sign_words,
)
from liusheng.tts.text.rules.words import (
    BREAK,
    SpokenWord,
    amount,
    digit_words,
    latin_kind,
    paused,
    plain,
    say,
    spell,
)

_DIALLED = re.compile(
    "(?:拨打|致电|电话|热线|客服|打|报警|火警|匪警|急救|短信|发送?到|联系)[是为：: ]*$"
)
_NAMED = re.compile(
    "(?:手机号?|号码|尾号|账号|帐号|卡号|学号|工号|编号|单号|[验动校识激邀授兑取提券][证态验别活请权换餐货件]?码|"
    "PIN码?|密码|暗号|邮编|邮政编码|代码|分机号?|门牌号?|端口号?|"
    "车次|航班号?"
    "|房间号?|QQ号?|微信号?|口令|序列号|条码|群号?|ISBN|取件码|订单号?)[是为：: ]*$",
    re.IGNORECASE,
)
# 12700H, 1080P; but 512GB, 300K are amounts.
_MODEL = re.compile("(?![KMGTkmgt]?[Bb]?(?![A-Za-z]))[A-Za-z]")
_PROCESSOR = re.compile(r"[A-Za-z]\d?-\d{4,5}[A-Z]$")
"""i7-13700K"""
# After "WORD NUMBER": the number is no part of a name.
_COUNTS = re.compile(
    rf" ?(?:[-~:：] ?\d|[%‰℃°]|[,.]\d|[万亿]|(?:{UNIT})(?![A-Za-z])|美元|欧元|英镑|日元|元|块"
    rf"|{MEASURE})"
)
_INDICES = frozenset("AQI IQ EQ ISO".split())
"""AQI 150, ISO 400: an amount, up to three figures."""
_MASKS = frozenset("N KN KF KP".split())
"""N95: named by two figures."""
_BUILDING = re.compile(
    r"(?:[A-Z\d一二三四五六七八九十]座|[\d一二三四五六七八九十][栋幢楼层]|#楼|单元)$"
)
_INDEX = re.compile("(?:沪深|[中上深国北]证|科创|创业板?|标普|恒生|富时|罗素|双创|纳斯达克|纳指)$")
_EMERGENCY = re.compile("(?:110|119|120|122|114)(?=$|报警|急救|火警|热线|电话|平台|指挥|服务)")
_TOLL_FREE = re.compile("[48]00(?:热线|电话|客服)")
_HOTLINES = frozenset(
    "12306 12315 12345 12348 12333 12320 10086 10010 10000 95588 95533 95555".split()
)
_NAMES = frozenset("315 520 618 666 911 985 211 996 404 360 1314 1688 2333 737 747 777 787".split())


def _number(match: Match) -> list[SpokenWord] | None:
    number, sign = match["n"], match["sign"] or ""
    if sign == "-" and not is_minus(match.string, match.start()):
        return None
    signed = sign_words(sign)
    if "." in number and after(match, 1) == "元":
        number = number.rstrip("0").rstrip(".")
    if "." in number or "," in number:
        return signed + amount(number)
    front, behind = before(match), after(match)
    if front.endswith("第"):
        named = number[0] == "0" and len(number) > 1
        return [*signed, *(digit_words(number) if named else plain(amount(number)))]
    if number == "2" and not sign and context.is_second(behind):
        return plain(amount(number))
    measured = None if behind.startswith(("页面", "所示", "所述")) else MEASURED.match(behind)
    if measured and measured[0] in ("来", "多", "余") and number[-1] != "0":
        measured = None  # 12306来; but 10来个
    if not sign and (named := _as_figures(match, number, bool(measured))) is not None:
        return named
    if number == "2" and not sign and measured:
        return say("两")
    words = amount(number)
    return signed + (words if measured else plain(words))


def _as_figures(match: Match, number: str, measured: bool) -> list[SpokenWord] | None:
    """The reading of a number that is a name; None for one that counts."""
    front, behind = before(match), after(match)
    emergency = not front and _EMERGENCY.match(number + behind)
    emergency = emergency or _TOLL_FREE.match(number + behind)
    dialled = len(number) > 2 and _DIALLED.search(front)
    if not measured and (dialled or number in _HOTLINES or emergency):
        return digit_words(number, yao=True)
    if _NAMED.search(front) or (number[0] == "0" and len(number) > 1):
        return digit_words(number)
    if len(number) in (3, 4) and not measured and _BUILDING.search(front):
        return digit_words(number, yao=True)
    door = re.match("号(?!线)", behind) and not number.endswith("00")
    if len(number) >= 3 and (behind[:1] in tuple("室房") or door):
        return digit_words(number, yao=True)
    if measured and not (len(number) == 2 and number[1] != "0" and behind[0] == "折"):
        return None
    if _INDEX.search(front):
        return None  # 沪深300ETF
    year = context.is_year(number, front, behind)
    model = len(number) >= 3 and _MODEL.match(behind) is not None
    model = model or bool(len(number) > 3 and _PROCESSOR.search(front + number + behind[:1]))
    discount = measured  # 95折
    long = len(number) >= 9 and not number.endswith("00000")
    if year or model or discount or number in _NAMES or long:
        return digit_words(number)
    return None


def _lettered(match: Match) -> list[SpokenWord] | None:
    """A4, G1234, CA1501, COVID-19, iPhone 15: up to two figures are a number, more are figures."""
    letters, number = match[1], match[2]
    if " " in match[0] and _COUNTS.match(after(match)):
        return None  # the number counts something, or a range begins: CPU 100%, SUV 0-100km/h
    spelt = latin_kind(letters) == "letters"
    words = spell(letters) if spelt else [SpokenWord(letters, "english")]
    if "-" in match[0] and _is_difference(match):
        return [*words, *say("减"), *plain(amount(number))]
    if letters in _INDICES and len(number) <= 3:
        return [*words, *plain(amount(number))]
    if len(number) <= 2 and number[0] != "0" and not (letters in _MASKS and len(number) == 2):
        return [*words, SpokenWord(numbers.cardinal(number), plain=True)]
    return words + digit_words(number, yao=True)


def _is_difference(match: Match) -> bool:
    """n-1, 2x-3, T-1, UTC-5; but A-1, 3m-5m."""
    variables = "xyzn" if before(match, 1).isdecimal() else "xyznijkt"
    letters, number = match[1], match[2]
    return letters in (*variables, "UTC", "GMT") or (
        (letters in ("N", "T") and number in ("1", "2")) and before(match, 1) != "-"
    )


def _spaced(match: Match) -> list[SpokenWord]:
    """1 000 000"""
    return plain(amount(match[0].replace(" ", "")))


def _fraction_alone(match: Match) -> list[SpokenWord]:
    return [SpokenWord("点" + numbers.digits(match[1]), plain=True)]


def _item(match: Match) -> list[SpokenWord]:
    """The number of an item in a list: "1. ", "2、"."""
    return [BREAK, *paused(amount(match[1]))]


LIST_ITEM: Rule = (
    re.compile(rf"(?<![\w.:-])(\d{{1,2}})(?:\.(?!\d)(?=\s*(?:$|[A-Za-z{HAN}“《【]))|、(?!\d))"),
    _item,
)


def _left_over(match: Match) -> list[SpokenWord]:
    return digit_words(match[0])


LEFT_OVER: Rule = (re.compile(r"\d+"), _left_over)
"""Figures that no other rule reads, such as what follows a range in "0~0.0.0": none is lost."""
RULES: list[Rule] = [
    (re.compile(rf"{FRESH}[1-9]\d{{0,2}}(?: \d{{3}}){{1,3}} 000(?![\d.]| \d)"), _spaced),
    (
        re.compile(
            r"(?<![A-Za-z])(?<!\d(?=[kKwW]-))([A-Za-z]+)[- _]?(\d+)(?!\.?\d|,\d|(?:-\d+){2})"
        ),
        _lettered,
    ),
    (
        re.compile(rf"{FRESH}(?P<sign>{SIGN}|±)?(?P<n>{NUMBER})"),
        _number,
    ),
    (re.compile(r"(?<![\d.])\.(\d{1,9})(?![\d.])"), _fraction_alone),
]
