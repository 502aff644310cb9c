"""Numbers as Mandarin says them. Arguments are strings of ASCII digits, of any length."""

from __future__ import annotations

_DIGITS = "零一二三四五六七八九"
_SMALL = ("", "十", "百", "千")
_LONGEST = 20


def digits(number: str, *, yao: bool = False) -> str:
    """Digit by digit: "105" → "一零五"; with `yao`, as in telephone numbers, "幺零五"."""
    read = "".join(_DIGITS[int(digit)] for digit in number)
    return read.replace("一", "幺") if yao else read


def cardinal(number: str) -> str:
    """ "1050" → "一千零五十", "2000" → "两千", "200" → "二百"; over 20 digits digit by digit.

    Groups of four digits make groups of eight, which are counted in 亿 and 亿亿: 2500000000000 is
    两万五千亿, not 两万亿五千亿.
    """
    number = number.lstrip("0") or "0"
    if number == "0":
        return "零"
    if len(number) > _LONGEST:
        return digits(number)
    head = len(number) % 4 or 4
    groups = [number[:head], *(number[at : at + 4] for at in range(head, len(number), 4))]
    read = ""
    gap = False
    for power, group in zip(range(len(groups) - 1, -1, -1), groups, strict=True):
        if int(group):
            if read and (gap or group[0] == "0"):
                read += "零"
            read += _thousands(group, leading=not read) + "万" * (power % 2)
        gap = int(group) == 0
        if power % 2 == 0 and int(number[: len(number) - 4 * power][-8:]):
            read += "亿" * (power // 2)
    if read.startswith("一十"):
        return read[1:]
    # 两 before 千, 万 and 亿, but only at the head of a number (Lü Shuxiang, 现代汉语八百词).
    if read[0] == "二" and read[1:2] in ("千", "万", "亿"):
        return "两" + read[1:]
    return read


def decimal(number: str) -> str:
    """An integer or a decimal fraction, maybe with thousands separators and a sign."""
    number = number.replace(",", "")
    sign = ""
    if number[0] in "+-":
        sign = "负" if number[0] == "-" else "正"
        number = number[1:]
    whole, point, fraction = number.partition(".")
    read = sign + cardinal(whole or "0")
    return f"{read}点{digits(fraction)}" if point and fraction else read


def _thousands(group: str, *, leading: bool) -> str:
    """Up to four digits, not all zero; zeros at either end are the caller's."""
    group = group.lstrip("0") if leading else group
    size = len(group)
    read = ""
    gap = False
    for index, digit in enumerate(group):
        if digit == "0":
            gap = True
            continue
        if gap and read:
            read += "零"
        gap = False
        read += _DIGITS[int(digit)] + _SMALL[size - 1 - index]
    return read
