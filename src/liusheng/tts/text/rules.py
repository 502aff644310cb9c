"""The rules: a pattern for each written form and the words it is read as.

A handler returns None where the match is not what it looked like; the next rule then gets its turn.
Patterns see cleaned text (`clean.clean`): ASCII digits and letters, simplified characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from liusheng.tts.text import numbers
from liusheng.tts.text.symbols import CURRENCIES, GREEK, MEASURES, OPERATORS, UNITS
from liusheng.tts.text.words import Word, amount, digit_words, latin_kind, plain, say, spell

Match = re.Match[str]
Handler = Callable[[Match], "list[Word] | None"]

_NUM = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d])"
_ALONE = r"(?<![\d.])"
_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_MONEY = "|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True))
_MEASURE = "|".join(sorted(set(MEASURES.split("|")), key=len, reverse=True))
_SCORE = re.compile(
    "比分|战胜|击败|大胜|险胜|完胜|胜|败|负于|领先|落后|战平|逆转|淘汰|赢|输|平局|打平|扳平|大比分"
)
_DIAL = re.compile("(?:拨打|致电|电话|热线|客服|打|报警|短信|发送?到|联系)[是为：: ]*$")
_CODE = re.compile(
    "(?:手机号?|号码|尾号|账号|帐号|卡号|学号|工号|编号|单号|验证码|密码|邮编|邮政编码|代码|车次|航班号?|房间号?|QQ号?|微信号?|口令|序列号|条码|群号?|ISBN|取件码)"
    "[是为：: ]*$",
    re.I,
)


def _before(match: Match, size: int = 8) -> str:
    return match.string[max(0, match.start() - size) : match.start()]


def _after(match: Match, size: int = 8) -> str:
    return match.string[match.end() : match.end() + size]


# Addresses ------------------------------------------------------------------------------------

_SPOKEN = {
    ".": "dot", "@": "at", "/": "slash", ":": "colon", "-": "dash", "_": "underscore", "?": "question mark",
    "=": "equals", "&": "and", "#": "hash", "%": "percent", "+": "plus", "~": "tilde",
}  # fmt: skip


def _address(match: Match) -> list[Word]:
    """URLs and e-mail addresses are read in English, whole: one voice, no switching at each dot."""
    return [Word(spoken_address(match[0]), "english")]


def spoken_address(address: str) -> str:
    address = re.sub(r"^(?:https?|ftp)://", "", address).rstrip("/")
    words: list[str] = []
    for part in re.findall(r"[A-Za-z]+|\d+|.", address):
        if part.isdigit():
            words.extend(part)
        elif part.lower() in ("www", "cn", "qq", "io", "ai", "html", "php", "edu", "gov"):
            words.append(" ".join(part.upper()))
        elif part[0].isalpha():
            words.append(part)
        elif part in _SPOKEN:
            words.append(_SPOKEN[part])
    return " ".join(words)


# Digit strings --------------------------------------------------------------------------------


def _mobile(match: Match) -> list[Word]:
    number = re.sub(r"\D", "", match["number"])
    words = [*say("加"), *digit_words("86"), Word(",")] if match["country"] else []
    return words + digit_words(number, 3, 4, 4, yao=True)


def _landline(match: Match) -> list[Word]:
    area = re.sub(r"\D", "", match["area"])
    local = re.sub(r"\D", "", match["local"])
    words = [*say("加"), *digit_words("86"), Word(",")] if match["country"] else []
    words += [*digit_words(area, len(area), yao=True), Word(",")]
    words += digit_words(local, len(local) - 4, 4, yao=True)
    if match["extension"]:
        words += [Word(","), *say("转"), *digit_words(match["extension"], yao=True)]
    return words


def _identity(match: Match) -> list[Word]:
    words = digit_words(match[1], 6, 4, 4, 3, yao=True)
    return words + (spell("X") if match[2] in "xX" else digit_words(match[2], yao=True))


def _plate(match: Match) -> list[Word]:
    words = [Word(match[1]), *spell(match[2]), Word(",")]
    for part in re.findall(r"\d+|[A-Z]+|[港澳学警领挂]", match[3]):
        if part.isdigit():
            words += digit_words(part, yao=True)
        else:
            words += spell(part) if part.isascii() else say(part)
    return words


def _ip(match: Match) -> list[Word]:
    words: list[Word] = []
    for index, part in enumerate(match[0].split(".")):
        words.append(Word(("点" if index else "") + numbers.digits(part), plain=True))
    return words


def _version(match: Match) -> list[Word]:
    first, *rest = (match["numbers"] or match["numbers2"]).split(".")
    words = spell(match["v"]) if match["v"] else []
    words += [Word(numbers.cardinal(first), plain=True)]
    return words + [Word("点" + numbers.digits(part), plain=True) for part in rest]


# Dates and times ------------------------------------------------------------------------------


def _date(match: Match) -> list[Word] | None:
    year, month, day = match["y"], match["m"], match["d"]
    if not 1 <= int(month) <= 12 or (day and not 1 <= int(day) <= 31):
        return None
    words = [
        Word(numbers.digits(year) + "年", plain=True),
        Word(numbers.cardinal(month) + "月", plain=True),
    ]
    return [*words, Word(numbers.cardinal(day) + "日", plain=True)] if day else words


def _years(match: Match) -> list[Word] | None:
    if match[1].endswith("000") and re.match("[前后来间多历]", _after(match)):
        return None  # 2000年前 is a length of time
    words = digit_words(match[1])
    if match[2]:
        words += [Word("到" + numbers.digits(match[2]), plain=True)]
    last = words.pop()
    return [*words, Word(last.text + match[3], plain=True)]


def _month(match: Match) -> list[Word] | None:
    if not 1 <= int(match[1]) <= 12:
        return None
    words = [Word(numbers.cardinal(match[1]) + "月", plain=True)]
    return [*words, Word(numbers.cardinal(match[2]) + match[3], plain=True)] if match[2] else words


def _time(match: Match) -> list[Word] | None:
    hour, minute, second = match["h"], match["mi"], match["s"]
    if _SCORE.search(_before(match) + _after(match)):
        return None
    half = (match["half"] or "").lower().replace(".", "")
    words = say("上午" if half == "am" else "下午") if half else []
    words.append(Word(_clock_hour(hour) + "点"))
    if int(minute) or second:
        words.append(
            Word(
                ("零" if int(minute) < 10 and int(minute) else "") + numbers.cardinal(minute) + "分"
            )
        )
    if second:
        words.append(
            Word(
                ("零" if int(second) < 10 and int(second) else "") + numbers.cardinal(second) + "秒"
            )
        )
    return words


def _to(_: Match) -> list[Word]:
    return say("到")


def _each(_: Match) -> list[Word]:
    return say("每")


def _c_language(match: Match) -> list[Word]:
    return [*spell("C"), *say("加加")] if match[1] == "C++" else [Word("C sharp", "english")]


def _clock_hour(hour: str) -> str:
    return "两" if int(hour) == 2 else numbers.cardinal(hour)


def _half_day(match: Match) -> list[Word]:
    return [*say("上午" if match[2].lower() == "a" else "下午"), Word(_clock_hour(match[1]) + "点")]


# Amounts --------------------------------------------------------------------------------------


def _money(match: Match) -> list[Word]:
    number = match["n"]
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    minus = say("负") if match["minus"] else []
    return [*minus, *_joined(amount(number), (match["scale"] or "") + CURRENCIES[match["sign"]])]


def _percent(match: Match) -> list[Word]:
    head = "百分之" if match["sign"] == "%" else "千分之"
    words = _percentage(head, match["a"])
    if match["b"]:
        words += [*say("到"), *_percentage(head, match["b"])]
    return words


def _percentage(head: str, number: str) -> list[Word]:
    sign = {"-": "负", "+": "正"}.get(number[0], "")
    first, *rest = amount(number.lstrip("+-"))
    return [Word(sign + head), first, *rest]


def _fraction(match: Match) -> list[Word] | None:
    top, bottom = match[2], match[3]
    if int(bottom) == 0:
        return None
    whole = [*amount(match[1]), *say("又")] if match[1] else []
    return [*whole, *_joined(amount(bottom), "分之"), *plain(amount(top))]


def _range(match: Match) -> list[Word] | None:
    a, b, unit, mark = match["a"], match["b"], match["unit"] or "", match["mark"]
    following = unit or re.match(f"(?:{_MEASURE}|月|日|号|楼|章|页|届|时)", _after(match))
    if mark == "-" and not (following or float(a.replace(",", "")) < float(b.replace(",", ""))):
        return None
    if mark == "-" and re.match(r"\s*=", _after(match)):
        return None
    read = UNITS.get(unit, "")
    second = say("两") if b == "2" and not read and re.match(_MEASURE, _after(match)) else amount(b)
    return [*plain(amount(a)), *say("到"), *(_joined(second, read) if read else second)]


def _score(match: Match) -> list[Word] | None:
    if match[2] == "-" and not _SCORE.search(_before(match) + _after(match)):
        return None
    return [*plain(amount(match[1])), *say("比"), *plain(amount(match[3]))]


def _temperature(match: Match) -> list[Word]:
    degrees = UNITS[match["u"]]
    words = (
        [*_below_zero(match["a"]), *say("到"), *_below_zero(match["b"])]
        if match["b"]
        else _below_zero(match["a"])
    )
    return _joined(words, degrees)


def _below_zero(number: str) -> list[Word]:
    return [*say("零下" if number[0] == "-" else ""), *amount(number.lstrip("+-"))]


def _unit(match: Match) -> list[Word] | None:
    number, unit, per = match["n"], match["u"], match["per"]
    read = UNITS[unit]
    if len(unit) == 1 and unit in "ALJ" and re.search("[A-Za-z]$", _before(match, 1)):
        return None
    sign = {"-": "负", "+": "正"}.get(match["sign"] or "", "")
    words = say("两") if number == "2" and not sign else [*say(sign), *amount(number)]
    words = _joined(words, read)
    return [*words, *say("每" + per)] if per else words


def _joined(words: list[Word], tail: str) -> list[Word]:
    """A unit is one word with its number while that stays short; 每小时 is a word of its own."""
    tail, per, each = tail.partition("每")
    if per:
        return [*_joined(words, tail), *say(per + each)]
    last = words[-1]
    if len(last.text) + len(tail) <= 5:
        return [*words[:-1], Word(last.text + tail, plain=last.plain)]
    return [*words, *say(tail)]


# Letters, symbols and bare numbers ------------------------------------------------------------


def _letter_number(match: Match) -> list[Word]:
    """A4, G1234, CA1501, COVID-19, iPhone 15: up to two digits are a number, more are digits."""
    letters, number = match[1], match[2]
    short = len(number) <= 2 and number[0] != "0"
    words = spell(letters) if latin_kind(letters) == "letters" else [Word(letters, "english")]
    return words + (
        [Word(numbers.cardinal(number), plain=True)] if short else digit_words(number, yao=True)
    )


_OPERAND = rf"(?:{_NUM}|[A-Za-z\u03b1-\u03c9])[²³]?"
_OP = r"\s*(?:[<>=!]=|[+\-×*÷/=≈≠<>≥≤±^])\s*"


def _arithmetic(match: Match) -> list[Word] | None:
    expression = match[0]
    if not re.search(r"[+×*÷=≈≠<>≥≤±^]", expression):
        return None
    words: list[Word] = []
    operand = True  # an operand is due: a sign is a sign there
    for part in re.findall(rf"{_NUM}|[A-Za-z]+|[<>=!]=|\S", expression):
        if part[0].isdecimal():
            words += amount(part)
            operand = False
        elif part.isascii() and part.isalpha():
            words += spell(part)
            operand = False
        elif part in GREEK:
            words += say(GREEK[part])
            operand = False
        elif part in "+-" and operand:
            words += say("正" if part == "+" else "负")
        else:
            words += say(OPERATORS.get(part, ""))
            operand = part not in "²³)"
    return words


def _symbol(match: Match) -> list[Word]:
    return say(OPERATORS[match[0]])


def _greek(match: Match) -> list[Word]:
    return say(GREEK[match[0].lower()])


def _number(match: Match) -> list[Word]:
    number, sign = match["n"], match["sign"] or ""
    after, before = _after(match), _before(match)
    signed = say({"-": "负", "+": "正", "±": "正负"}.get(sign, ""))
    if "." in number or "," in number:
        return signed + amount(number)
    measured = re.match(_MEASURE, after)
    if _DIAL.search(before) and not measured:
        return digit_words(number, yao=True)
    if _CODE.search(before) or (number[0] == "0" and len(number) > 1):
        return digit_words(number)
    if re.match("[室房]", after) or (after[:1] == "号" and len(number) >= 3 and after[1:2] != "线"):
        return digit_words(number, yao=True) if len(number) >= 3 else amount(number)
    if len(number) == 4 and number[:2] in ("19", "20") and not measured:
        return digit_words(number)
    if number in _HOTLINES and not measured:
        return digit_words(number, yao=True)
    if len(number) >= 9 and not measured:
        return digit_words(number)
    if number == "2" and not sign and measured and before[-1:] != "第" and measured[0] != "号":
        return say("两")
    return signed + amount(number)


_HOTLINES = frozenset(
    "110 119 120 122 114 12306 12315 12345 12348 12333 12320 10086 10010 10000 95588 95533 95555".split()
)

_DOMAIN = r"(?:com|cn|net|org|io|ai|gov|edu|me|dev|app|info|top|xyz|tv|co|cc|uk|jp|de)"
_URL_TAIL = r"(?::\d+)?(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+;=%-]*[A-Za-z0-9/=_-])?"
_DATE_END = r"(?![\d.\-/])"

ADDRESSES = (
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,8}", re.A),
    re.compile(r"(?:https?://|ftp://|www\.)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*" + _URL_TAIL),
    re.compile(rf"(?<![A-Za-z0-9.])(?:[A-Za-z0-9-]{{1,63}}\.){{1,4}}{_DOMAIN}(?![A-Za-z0-9.-]\w)(?![A-Za-z0-9]){_URL_TAIL}"),
)  # fmt: skip

RULES: list[tuple[re.Pattern[str], Handler]] = [
    *((pattern, _address) for pattern in ADDRESSES),
    (re.compile(r"(?<![\d.])(\d{17})([\dXx])(?![\dA-Za-z])"), _identity),
    (re.compile(r"(?<![\d.])(?P<country>(?:\+|00)86[ -]?|\(\+?86\) ?)?(?P<number>1[3-9]\d[ -]?\d{4}[ -]?\d{4})(?!\d)"), _mobile),
    (re.compile(
        r"(?<![\d.\-])(?:(?P<country>(?:\+|00)86[ -]?)?[(（]?(?P<area>0?(?:10|2\d|[3-9]\d\d)(?=[)）\- ])|[48]00)[)）]?[- ]?"
        r"(?P<local>\d{7,8}|\d{3,4}[- ]\d{4})(?:(?:转|-)(?P<extension>\d{1,5}))?)(?!\d)"), _landline),
    (re.compile(r"([京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使])([A-HJ-Z])[·. ]?([A-Z0-9]{5,6}|[A-Z0-9]{4}[港澳学警领挂])(?![A-Za-z0-9])"), _plate),
    (re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"), _ip),
    (re.compile(r"(?<![\d.])(?P<y>[12]\d{3})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?!\d|[-/.]\d)"), _date),
    (re.compile(r"(?<![\d.A-Za-z])(?:(?P<v>[vV])\.? ?(?P<numbers>\d+(?:\.\d+){0,4})|(?<![\d.])(?P<numbers2>\d+(?:\.\d+){2,4}))(?![\d])"), _version),
    (re.compile(r"(?<![\d.])([12]\d{3})(?:[-~—至到]+([12]\d{3}))?(年代?|学年|财年|届|级|款|版|赛季)"), _years),
    (re.compile(r"(?<![\d.])(0\d|9\d|8[5-9])(?:-(\d\d))?(年(?!代)|级|届|款)"), _years),
    (re.compile(r"(?<![\d.])(?P<y>(?:19|20)\d\d)[-/](?P<m>0[1-9]|1[0-2])(?P<d>)(?![\d/.-])"), _date),
    (re.compile(r"(?<![\d.])(\d{1,2})月(?:(\d{1,2})([日号]))?"), _month),
    (re.compile(r"(?<![\d.:])(?P<h>[01]?\d|2[0-4]):(?P<mi>[0-5]\d)(?::(?P<s>[0-5]\d))?(?: ?(?P<half>[aApP]\.?[mM]\.?))?(?![\d:A-Za-z])"), _time),
    (re.compile(r"(?<=\d:\d\d)\s?(?:-|~|—{1,2})\s?(?=\d{1,2}:\d\d)|(?<=[日号月年点时])(?:-|~|—{1,2})(?=\d)|(?<=周[一二三四五六日天])(?:-|~|—{1,2})(?=周)"), _to),
    (re.compile(r"(?<=[元块美欧镑次个件米里升克斤吨瓦度分])/(?=[\u4e00-\u9fff])"), _each),
    (re.compile(r"(?<![A-Za-z])(C\+\+|C#)(?![A-Za-z0-9])"), _c_language),
    (re.compile(r"(?<![\d.:])(1[0-2]|[1-9]) ?([aApP])\.?[mM]\b\.?"), _half_day),
    (re.compile(rf"(?P<minus>-)?(?P<sign>{_MONEY})\s?(?P<n>{_NUM})\s?(?P<scale>万亿|亿|千万|百万|万)?(?!\d)"), _money),
    (re.compile(rf"(?P<a>[+-]?{_NUM})(?:[%‰]?[-~—至到]{{1,2}}(?P<b>[+-]?{_NUM}))?(?P<sign>[%‰])"), _percent),
    (re.compile(r"(?<![\d./])(?:(\d+)又)?(\d+)/(\d+)(?![\d/.])"), _fraction),
    (re.compile(rf"(?<![\d.A-Za-z])(?P<a>[+-]?{_NUM})(?:(?:℃|°C|℉|°F|°|度)?[-~—到至]{{1,2}}(?P<b>[+-]?{_NUM}))? ?(?P<u>℃|°C|℉|°F)"), _temperature),
    (re.compile(rf"{_ALONE}(?P<a>{_NUM})(?:{_UNIT})? ?(?P<mark>[-~]|—{{1,2}}) ?(?P<b>{_NUM})(?: ?(?P<unit>{_UNIT})(?![A-Za-z]))?"), _range),
    (re.compile(r"(?<![\d.:-])(\d{1,4})([:：-])(\d{1,4})(?![\d:-]|\.\d)"), _score),
    (re.compile(rf"(?<![\d.])(?<!(?<!\d)[A-Za-z])(?P<sign>[+-])?(?P<n>{_NUM}) ?(?P<u>{_UNIT})(?:/(?P<per>人|个|天|年|月|次|台|套|小时|分钟|秒))?(?![A-Za-z²³])"), _unit),
    (re.compile(rf"(?<![A-Za-z\d])[√∠-]?\(?{_OPERAND}\)?(?:{_OP}[√-]?\(?{_OPERAND}\)?)+(?![A-Za-z])"), _arithmetic),
    (re.compile(r"(?<![A-Za-z])([A-Za-z]+)[- ]?(\d+)(?![\d.]\d|\d)"), _letter_number),
    (re.compile(rf"(?<![\d.])(?P<sign>(?<![\w)）])[-+]|(?<=[是为到至约达于跌降涨差负得])[-+]|±)?(?P<n>{_NUM})"), _number),
    (re.compile("[α-ωΑ-Ω]"), _greek),
    (re.compile("[√²³×÷≈≠≥≤±≡∞∑∫∈∵∴∠⊥∥∪∩]|(?<=[\u4e00-\u9fff])[+=](?=[\u4e00-\u9fff])"), _symbol),
]  # fmt: skip
