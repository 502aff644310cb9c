import pytest

from liusheng.tts.text.erhua import is_rhotic
from liusheng.tts.text.polyphones import reading


@pytest.mark.parametrize(
    ("words", "at", "pinyin"),
    [
        (["跑", "得", "快"], 1, "de5"),
        (["你", "得", "去"], 1, "dei3"),
        (["得", "休息"], 0, "dei3"),
        (["他", "得", "过", "奖"], 1, "de2"),
        (["慢慢", "地", "走"], 1, "de5"),
        (["这块", "地", "很大"], 1, "di4"),
        (["也", "长"], 1, "chang2"),
        (["他", "长", "出"], 1, "zhang3"),
        (["三", "行", "字"], 1, "hang2"),
        (["他", "行"], 1, None),
        (["一", "只", "猫"], 1, "zhi1"),
        (["他", "只", "吃"], 1, None),
        (["面积", "为", "五十"], 1, "wei2"),
        (["书", "还", "了"], 1, "huan2"),
        (["他", "还", "在"], 1, None),
        (["银行"], 0, None),
    ],
)
def test_reading(words: list[str], at: int, pinyin: str | None) -> None:
    assert reading(words, at) == pinyin


@pytest.mark.parametrize(
    ("before", "after", "word_start", "rhotic"),
    [
        ("花", "", False, True),
        ("一会", "就", False, True),
        ("女", "", False, False),
        ("婴", "", False, False),
        ("和", "子", True, False),
        ("", "童", True, False),
        ("", "", True, False),
    ],
)
def test_rhotic(before: str, after: str, word_start: bool, rhotic: bool) -> None:
    assert is_rhotic(before, after, word_start) is rhotic
