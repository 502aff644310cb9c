"""Chinese numbers as figures: inverse text normalisation, by wetext's grammar with exceptions.

The grammar rewrites more than numbers: 下午三点半 becomes "3:30p.m.", 九月一日 "09/01", 十分
("very") 10分, 三三两两 3322. It misreads what ends in 一 (二十一起 as 20一起, 两百一晚 as 210晚)
and rough numbers (十五六 as 15-6). Such parts of a text are excluded, or given to it in parts.
"""

from __future__ import annotations

import re

from liusheng.asr.text.grammar import to_figures
from liusheng.asr.text.phrases import PHRASES

_DIGITS = "零一二三四五六七八九"
_SMALL = "[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九两]"
_NUMERAL = "[零一二三四五六七八九两十百千万亿]"
_NO_NUMERAL_BEFORE = f"(?<!{_NUMERAL})"

_MINUTES = "[二三四五]?十[一二三四五六七八九]?(?![一二三四五六七八九十百千万亿分])"
"""Without 分; a decimal fraction is said digit by digit."""

_DATE = re.compile(rf"{_NO_NUMERAL_BEFORE}({_SMALL})(?=月)|(?<=月)({_SMALL})(?=[日号])")
_CLOCK = re.compile(
    rf"{_NO_NUMERAL_BEFORE}({_SMALL})"
    rf"(?=点(?:[钟整半到至前后左]|[一三]刻|零?(?:{_SMALL})分(?![钟贝米])|{_MINUTES}))"
    rf"|(?<=点)({_MINUTES})"
    rf"|(?<=点)({_SMALL})(?=分(?![钟贝米]))|(?<=[上下]午)({_SMALL})(?=点)"
    rf"|(?<=点到|点至|半到|半至|钟到|分到|早上|晚上|中午|凌晨)({_SMALL})(?=点)"
)
_TWO_POINT = re.compile(
    "两(?=点[零一二三四五六七八九]+(?:[万亿倍米元吨度]|[千百]万|个百分点|分钟|小时|公[里斤]))"
)
_MINUTE = re.compile("(?<=点)零([一二三四五六七八九])(?=分)")
_TIMES = re.compile(rf"(?<={_NUMERAL})乘以(?={_NUMERAL})")
# A code, digit by digit. Shorter ones may be words (七七八八) or years, which the grammar knows.
_CODE = re.compile(
    rf"{_NO_NUMERAL_BEFORE}(?<!{_NUMERAL}点)[零一二三四五六七八九幺]{{5,}}(?!{_NUMERAL})"
)

# Not in a longer number: 一百零八将 is one, 第十八线 is none.
_PHRASES = re.compile(
    rf"(?<!第){_NO_NUMERAL_BEFORE}(?:{'|'.join(sorted(PHRASES, key=len, reverse=True))})"
    "|初十(?![年天个几多分来])|(?<=正月|腊月|冬月)(?:[二三]?十[一二三四五六七八九]?)(?!几|多|个)"
    # 周一十点, 高三二班: two numbers.
    "|(?:周|星期|礼拜)[一二三四五六]"
    "(?=(?:[一两二三四五六七八九]|十[一二三四五六七八九]?|二十[一二三四]?)(?:点|[上下]午))"
    "|[高初][一二三](?=[一二三四五六七八九十]+班)"
    # A little, and a little less than: no decimals.
    rf"|{_NO_NUMERAL_BEFORE}一点(?:一点(?![{_DIGITS}])|[{_DIGITS}][百千](?![万亿]))"
)
_WORDS = (
    rf"{_NO_NUMERAL_BEFORE}(?:十分(?![之钟])|十二分(?=的?[感满高小努精愿])|十来(?=[个岁年天次人万]))"
    "|十一(?=黄金周|长假|假期|放假|国庆|期间)|十三五|十四五"
    # 八八六十四, of the multiplication table.
    "|[二三四五六七八九]{2}[一二三四五六七八]十[一二四五六八]?"
    # By all means, and if: not inside a number (三千万, 三万一千).
    rf"|{_NO_NUMERAL_BEFORE}(?:千万(?![元人个名亿])|(?:万一|(?<!点)一一)(?!{_NUMERAL}))"
    # Days of the week, or said aloud: no number.
    rf"|{_NO_NUMERAL_BEFORE}(?<![间房号室码楼是话])(?:一三五|二四六|一二三|三二一|一二一)(?!{_NUMERAL}|[年号室房楼栋路医])"
)
_ONE = "[一二三四五六七八九两]"
_PAIR = "一二|[二两]三|三四|四五|五六|六七|七八|八九"
_ROUGH = (  # numbers that name no figure: 几十, 十几, 数十万
    rf"[几数好][几十百千万亿]*[十百千万亿]|{_NUMERAL}*[十百千万]几[十百千万]*|[成上][百千万](?:上[千万])?"
    # 一百五六十, 三千四五百: the grammar writes 150-60. Several digits before a unit are no number.
    rf"|{_NO_NUMERAL_BEFORE}(?={_NUMERAL}*[百千万](?:{_PAIR})"
    rf"|{_NUMERAL}*[百千万亿]{_NUMERAL}*十(?:{_PAIR})"
    rf"|{_NUMERAL}*(?:[百千万]{_ONE}|{_ONE}{_ONE}){_ONE}[十百千]){_NUMERAL}+"
    # 百八十个, 万一万二的: how many hundreds or ten thousands is not said.
    rf"|(?<![零一二三四五六七八九两十百千万亿几数\d])[百千万亿](?!分之){_NUMERAL}+"
    # 一米六五一百斤: the height and the weight.
    rf"|(?<=米){_ONE}{{1,2}}(?={_ONE}?[十百])"
    # 五十块一斤; 二又三分之一; 身高一七五, where the grammar takes 高 for a train's G.
    rf"|(?<=块){_ONE}(?=[斤个张位平瓶盒袋本件条份晚天])|{_NUMERAL}+又{_NUMERAL}+分之{_NUMERAL}+"
    rf"|[高动快城直特](?={_NUMERAL})"
    # 五六七八月.
    f"|{_NO_NUMERAL_BEFORE}[一二三四五六七八九]{{2,}}(?=月)"
    # 三千万零五: the grammar writes 3000万5.
    rf"|{_NO_NUMERAL_BEFORE}{_NUMERAL}*[十百千][万亿]零{_NUMERAL}+"
)
# 十五六: after ten, one of two digits.
_TEEN = (
    rf"{_NO_NUMERAL_BEFORE}(?P<tens>[一二三四五六七八九]?十)(?P<pair>{_PAIR})"
    f"(?![零一二三四五六七八九两十百千]|点[{_DIGITS}])"
)
# 两百一晚: two hundred for one. What is counted in the same way (一百一斤) stays.
_EACH = (
    rf"{_NO_NUMERAL_BEFORE}(?<!点)(?P<each>{_NUMERAL}*[百千万亿](?:零[二三四五六七八九])?)一"
    "(?=[张晚个位只件条本份盒箱袋瓶包台辆部双对顿课节间套盘碗杯听把束朵支枝根颗粒场趟次回遍桌户家层栋"
    "亩天周年平起路般样些]|小时|分钟|立方|公顷)"
    rf"|{_NO_NUMERAL_BEFORE}{_NUMERAL}*[百千万亿]一(?=[块元斤克吨里米升]|公[斤里])"
)
# 二十一起: the grammar reads 一起 as a word, and the number without its end.
_WHOLE = rf"{_NO_NUMERAL_BEFORE}(?<!点)(?P<whole>{_NUMERAL}*[十零]一)(?=[起路些般下会])"
# Units are not abbreviated, and times of day keep their Chinese form.
_UNITS = (
    "[美日欧港]?元|英[镑尺寸里]|人民币|卢布|泰铢|瑞士法郎|分贝|盎司|磅|公顷|千瓦时?|千[焦帕伏]|千卡(?!路)|赫兹"
    "|分钟|秒钟?|毫秒|小时|公里|[千厘毫平立分]?方?米|[公千]?[斤克]|毫?升|摄氏度|度"
    "|[上下]午|点[钟整半]?|[一三]刻|早上|晚上|中午|凌晨"
)
_KEPT = re.compile(f"{_TEEN}|{_WHOLE}|{_EACH}|{_ROUGH}|{_WORDS}|{_UNITS}")
_DECIMAL = re.compile("[零一二三四五六七八九十百千万亿]点[零一二三四五六七八九]")


def chinese_in_figures(text: str) -> str:
    """Return a Chinese text with its numbers in figures."""
    text = text.replace("〇", "零")
    done = ""
    at = 0
    for phrase in _PHRASES.finditer(text):
        done += _figures(text[at : phrase.start()]) + phrase[0]
        at = phrase.end()
    return done + _figures(text[at:])


def _figures(text: str) -> str:
    text = _TIMES.sub("乘", _TWO_POINT.sub("二", text))
    text = _CODE.sub(_digits, _clocks(text))
    done = ""
    at = 0
    for kept in _KEPT.finditer(text):
        if _DECIMAL.search(text, max(0, kept.start() - 1), kept.end() + 1):
            continue
        done += to_figures(text[at : kept.start()]) + _in_parts(kept)
        at = kept.end()
    return done + to_figures(text[at:])


def _in_parts(kept: re.Match[str]) -> str:
    """Return what the grammar must not see as a whole."""
    if kept["tens"]:
        tens = _small(kept["tens"])[0]
        return "~".join(tens + _small(digit) for digit in kept["pair"])
    if kept["each"]:
        return to_figures(kept["each"]) + "一"
    if kept["whole"]:
        return to_figures(kept["whole"])
    return kept[0]


def _clocks(text: str) -> str:
    """Convert the numerals of dates and times of day: 九月一日 to 9月1日, 三点半 to 3点半."""

    def figure(match: re.Match[str]) -> str:
        return _small(next(group for group in match.groups() if group))

    text = _MINUTE.sub(lambda match: f"0{_small(match[1])}", _CLOCK.sub(figure, text))
    return _DATE.sub(figure, text)


def _digits(code: re.Match[str]) -> str:
    return "".join(str(_DIGITS.index(digit)) for digit in code[0].replace("幺", "一"))


def _small(numeral: str) -> str:
    """Return a numeral below a hundred as figures."""
    tens, ten, ones = numeral.replace("两", "二").rpartition("十")
    value = _DIGITS.index(ones) if ones else 0
    if ten:
        value += 10 * (_DIGITS.index(tens) if tens else 1)
    return str(value)
