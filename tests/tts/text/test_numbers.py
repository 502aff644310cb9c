import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.tts.text.numbers import cardinal, decimal, digits

_DIGIT = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2}
_SCALE = {"十": 10, "百": 100, "千": 1000}


def value(read: str) -> int:
    """The number that a Mandarin cardinal up to 万亿 names: the inverse, written independently."""
    for sign, scale in (("亿", 10**8), ("万", 10**4)):
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


@given(st.integers(min_value=0, max_value=10**12 - 1))
def test_a_cardinal_names_its_number(number: int) -> None:
    assert value(cardinal(str(number))) == number


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("0", "零"), ("10", "十"), ("19", "十九"), ("110", "一百一十"), ("200", "二百"),
        ("2000", "两千"), ("2200", "两千二百"), ("12000", "一万二千"), ("20000", "两万"),
        ("10010", "一万零一十"),
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
