import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.tts.text.numbers import cardinal, decimal, digits

_DIGIT = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2}
_SCALE = {"十": 10, "百": 100, "千": 1000}


def value(read: str) -> int:
    """The number that a Mandarin cardinal names: the inverse, written independently."""
    for sign, scale in (("亿亿", 10**16), ("亿", 10**8), ("万", 10**4)):
        if sign in read:
            head, _, tail = read.rpartition(sign)
            return value(head) * scale + value(tail)
    total = digit = 0
    for char in read:
        if char in _SCALE:
            total += (digit or 1) * _SCALE[char]
            digit = 0
        else:
            digit = _DIGIT[char]
    return total + digit


NUMBERS = st.integers(0, 10**20 - 1) | st.lists(
    st.sampled_from(["0", "00", "000", "0000", "1", "2", "10", "5"]), min_size=1, max_size=10
).map(lambda parts: int("".join(parts)[:20]))
"""Of every size, and with many zeros."""


@given(NUMBERS)
def test_a_cardinal_names_its_number(number: int) -> None:
    read = cardinal(str(number))
    assert value(read) == number
    assert "零零" not in read
    assert not read.endswith("零") or read == "零"
    assert "万亿" not in read or "亿" not in read.partition("万亿")[2] or "亿亿" in read
    assert "两" not in read[1:], "only at the head of a number"
    assert not read.startswith(("一十", "二千", "二万", "二亿"))


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("0", "零"), ("10", "十"), ("19", "十九"), ("110", "一百一十"), ("200", "二百"),
        ("2000", "两千"), ("2200", "两千二百"), ("12000", "一万二千"), ("20000", "两万"),
        ("10010", "一万零一十"),
        ("2500000000000", "两万五千亿"), ("2000500000000", "两万零五亿"),
        ("12345678901234", "十二万三千四百五十六亿七千八百九十万一千二百三十四"),
        ("22000000000000", "二十二万亿"), ("200000000000000", "二百万亿"),
        ("2000000000000000", "两千万亿"), ("5000000020000000", "五千万亿零二千万"),
        ("20000000000000000", "两亿亿"), ("30000200000000000", "三亿亿零二千亿"),
        ("100010000", "一亿零一万"), ("0012", "十二"), ("1" + "0" * 12, "一万亿"),
        ("1" * 21, "一" * 21),
    ],
)  # fmt: skip
def test_cardinals(number: str, read: str) -> None:
    assert cardinal(number) == read


def test_decimals_and_digits() -> None:
    assert decimal("-1,234.50") == "负一千二百三十四点五零"
    assert decimal("0.07") == "零点零七"
    assert digits("1050") == "一零五零"
    assert digits("110", yao=True) == "幺幺零"
