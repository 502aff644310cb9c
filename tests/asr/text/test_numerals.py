"""Numbers in figures and in words, in both languages."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.text import grammar
from liusheng.asr.text.numerals import in_figures, in_words

_CASES = [
    line.split("\t")
    for line in Path(__file__).with_name("numerals.tsv").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize(
    ("kind", "lang", "text", "rewritten"), _CASES, ids=[f"{c[0]}: {c[2]}" for c in _CASES]
)
def test_everyday_sentences(kind: str, lang: str, text: str, rewritten: str) -> None:
    rewrite = in_figures if kind == "figures" else in_words
    assert rewrite(text, lang) == rewritten


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
        # clocks
        ("七点半到九点半", "7点半到9点半"),
        ("九点到十点半", "9点到10点半"),
        ("三点一刻，五点三刻", "3点一刻，5点三刻"),
        ("八点零五分，十三点十分三十六秒", "8点05分，13点10分36秒"),
        ("八月十六号的十二点之前", "8月16号的12点之前"),
        ("三点四十五，三点四十五分，十点三十", "3点45，3点45分，10点30"),
        # decimals
        ("三点一四一五九，两点五亿，两点五分钟", "3.14159，2.5亿，2.5分钟"),
        ("两点五分出发", "2点5分出发"),
        # arithmetic and ratios
        ("三乘以五等于十五，五加三等于八", "3×5=15，5+3=8"),
        ("三比二，百分之三十到四十", "3:2，30~40%"),
        # amounts without their last unit, and rough ones
        ("一百二，两千五，一万二，两万五", "120，2500，12000，25000"),
        ("三五个，七八十人，二三十岁", "3~5个，70~80人，20~30岁"),
        ("两个半小时，一半，一米七五", "两个半小时，一半，一米七五"),
        ("九十年代，二十世纪，九八年", "90年代，20世纪，98年"),
        ("三亚，四川，五台山，三星手机，百度", "三亚，四川，五台山，三星手机，百度"),
        ("一五一十，七上八下，不三不四，一心一意", "一五一十，七上八下，不三不四，一心一意"),
        # 万一 and 千万: words outside numbers only
        ("三万一千五百", "31500"),
        ("十万一千人，一亿三千万", "101000人，1亿3000万"),
        ("万一下雨，千万别来", "万一下雨，千万别来"),
        # words made of numerals
        ("三三两两，七七八八，千千万万", "三三两两，七七八八，千千万万"),
        ("十字路口，十足，十佳球", "十字路口，十足，十佳球"),
        ("八八六十四", "八八六十四"),
        ("十一黄金周，十二生肖，一千零一夜", "十一黄金周，十二生肖，一千零一夜"),
        # numbers that name no figure
        ("几十个，十几万，二十几人", "几十个，十几万，二十几人"),
        ("数十万，成百上千，好几百", "数十万，成百上千，好几百"),
        # digits
        ("二〇二四年，二〇二四", "2024年，2024"),
        ("房号一一二二，一三三三三四四四", "房号1122，13333444"),
        # units keep their form
        ("三十五度，五百毫升，二十秒", "35度，500毫升，20秒"),
        ("共四百六十五篇，约三百一十五万字", "共465篇，约315万字"),
        ("升高零点六个百分点，五分之一以上", "升高0.6个百分点，1/5以上"),
        ("比分是七十八比九十六", "比分是78:96"),
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
        ("zh", "涨了10-20%，30%-40%", "涨了百分之十到百分之二十，百分之三十到百分之四十"),
        ("zh", "5%-8%之间，1.5-2倍", "百分之五到百分之八之间，一点五到二倍"),
        ("zh", "3-5天，第3-5章", "三到五天，第三到五章"),
        ("zh", "2020-2024年", "二零二零年到二零二四年"),
        ("zh", "比分是3-2，2-1获胜", "比分是三比二，二比一获胜"),
        ("zh", "2024-05-01，A-3座", "二零二四年五月一日，A-3座"),
        ("zh", "7:30-9:30，5-3", "七点三十分到九点三十分，五减三"),
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


def _numeral(value: int) -> str:
    """Say a number below a hundred million in Chinese."""
    if value >= 10_000:
        rest = value % 10_000
        zero = "零" if 0 < rest < 1000 else ""
        return f"{_numeral(value // 10_000)}万{zero}{_numeral(rest) if rest else ''}"
    said, gap = "", False
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // power % 10
        if digit:
            said += ("零" if gap and said else "") + "零一二三四五六七八九"[digit] + unit
        gap = not digit
    return said.removeprefix("一") if said.startswith("一十") else said


def test_whatever_stands_beside_it_a_number_is_that_number_or_stays_in_words() -> None:
    choose = random.Random(1)
    around = ("{}", "共{}人", "{}起事故", "第{}条", "{}元", "{}张票", "从{}路", "{}的")
    for _ in range(500):
        value = choose.choice((choose.randint(13, 999), choose.randint(1000, 10**8 - 1)))
        text = choose.choice(around).format(_numeral(value))
        figures = in_figures(text, "zh")
        myriads = re.fullmatch(r"\D*(?:(\d+)万)?(\d*)\D*", figures)
        assert _numeral(value) in figures or (
            myriads and int(myriads[1] or 0) * 10_000 + int(myriads[2] or 0) == value
        ), (text, figures)


def test_a_text_that_the_grammar_fails_on_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def normalize(self, text: str) -> str:
            # As wetext does where its result is empty.
            raise AssertionError

    monkeypatch.setattr(grammar, "_grammar", lambda operator: Failing())
    assert grammar.to_words(" 5号 ") == " 5号 "
    assert grammar.to_figures("五号") == "五号"


_SAID = st.lists(
    st.sampled_from(
        "one two ten twenty thirty hundred thousand million and point oh a first third second "
        "percent dollars cents to or at may June p.m. , . - dot com 一 二 两 十 百 千 万 亿 零 "
        "点 分 月 块 路 起 半 第 之 又 比 的 "
        "0 1 5 20 123 1,234 3.5 $ % / : + = # ° km m kg A B ¥".split()
    ),
    max_size=12,
)


@given(_SAID, st.sampled_from(["", " "]), st.sampled_from(["zh", "en"]))
def test_any_text_has_a_written_form(said: list[str], between: str, lang: str) -> None:
    text = between.join(said)
    for rewritten in (in_figures(text, lang), in_words(text, lang)):
        assert bool(rewritten.strip()) == bool(text.strip())
