"""Numbers in figures and in words, in both languages."""

from __future__ import annotations

import pytest

from liusheng.asr.text.numerals import in_figures, in_words


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("百分之六十是安全临界点。", "60%是安全临界点。"),
        ("增长百分之三点五", "增长3.5%"),
        ("二零零六年基金行业", "2006年基金行业"),
        ("九月一日停机", "9月1日停机"),
        ("十二月二十五号", "12月25号"),
        ("我们下午三点半见", "我们下午3点半见"),
        ("上午十点二十五分开会", "上午10点25分开会"),
        ("晚上八点见", "晚上8点见"),
        ("花了二十五块五毛", "花了25块5毛"),
        ("一百二十美元，三千八百元，五点二亿元", "120美元，3800元，5.2亿元"),
        ("电话是幺三八零零一三八零零零", "电话是13800138000"),
        ("三万五千四百人走了六十分钟、二十公里", "35400人走了60分钟、20公里"),
        ("今天二十多度，三分之二", "今天20多度，2/3"),
        ("一只山雀十分好看，万一一起去", "一只山雀十分好看，万一一起去"),
        ("没有数字 OK", "没有数字 OK"),
        ("", ""),
    ],
)
def test_chinese_in_figures(spoken: str, written: str) -> None:
    assert in_figures(spoken, "zh") == written


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("It was twenty five percent of the total.", "It was 25% of the total."),
        ("In nineteen ninety nine he paid two hundred and fifty dollars.", "In 1999 he paid $250."),
        ("on march third twenty twenty one.", "on march 3 2021."),
        ("It's five point two million", "It's 5.2 million"),
        ("call five five five one two three four", "call 5551234"),
        ("one hundred and one dalmatians", "101 dalmatians"),
        ("The first time, I said one thing.", "The first time, I said one thing."),
    ],
)
def test_english_in_figures(spoken: str, written: str) -> None:
    assert in_figures(spoken, "en") == written


@pytest.mark.parametrize(
    ("lang", "written", "spoken"),
    [
        ("zh", "60%是安全临界点。", "百分之六十是安全临界点。"),
        ("zh", "1990年后出生，花了25.5元", "一九九零年后出生，花了二十五点五元"),
        ("zh", "下午3:30见面", "下午三点三十分见面"),
        ("zh", "GPT4和3D打印，有5个", "GPT4和3D打印，有五个"),
        ("en", "In 1999 he paid $20.", "In nineteen ninety nine he paid twenty dollars."),
        ("en", "GPT4 is 5.2 million", "GPT4 is five point two million"),
        ("en", "No figures, Dr. Who.", "No figures, Dr. Who."),
    ],
)  # fmt: skip
def test_in_words(lang: str, written: str, spoken: str) -> None:
    assert in_words(written, lang) == spoken


def test_other_languages_stay_as_they_are() -> None:
    assert in_figures("三百", "ja") == "三百"
    assert in_words("300", "fr") == "300"
