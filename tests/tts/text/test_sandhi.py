import pytest

from liusheng.tts.text.sandhi import bu, third_tones, yi


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ([[3, 3]], [[2, 3]]),
        ([[3, 3, 3]], [[2, 2, 3]]),
        ([[3], [3, 3]], [[3], [2, 3]]),
        ([[3], [3]], [[2], [3]]),
        ([[3, 3], [3, 3]], [[2, 3], [2, 3]]),
        ([[2, 3], [3], [3, 1]], [[2, 3], [2], [3, 1]]),
        ([[1, 4], [5]], [[1, 4], [5]]),
        ([], []),
    ],
)
def test_third_tones(words: list[list[int]], changed: list[list[int]]) -> None:
    assert third_tones(words) == changed


def test_bu() -> None:
    assert bu("", "是", 4) == 2
    assert bu("", "好", 3) == 4
    assert bu("好", "好", 3) == 5
    assert bu("我", "", None) == 4


def test_yi() -> None:
    assert yi("", "个", 5, word_end=False) == 2
    assert yi("", "样", 4, word_end=False) == 2
    assert yi("", "天", 1, word_end=False) == 4
    assert yi("第", "次", 4, word_end=False) == 1
    assert yi("看", "看", 4, word_end=False) == 5
    assert yi("统", "战", 4, word_end=True) == 1
    assert yi("", "", None, word_end=False) == 1
