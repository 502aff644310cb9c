from __future__ import annotations

import math

import pytest

from liusheng.bench.scoring import Errors, deleted, errors, join


@pytest.mark.parametrize(
    ("reference", "hypothesis"),
    [
        ("百分之六十是安全临界点", "60%是安全臨界點。"),
        ("一九九零年后出生", "1990年后出生"),
        ("过去三十年", "过去30年"),
        ("九零后", "90后"),
        ("九月一日", "9月1日"),
        ("十点幺三", "十点一三"),
        ("我用 python 写", "我用Python写"),
    ],
)
def test_how_chinese_is_written_does_not_count(reference: str, hypothesis: str) -> None:
    assert errors(reference, hypothesis, "zh").edits == 0


@pytest.mark.parametrize(
    ("reference", "hypothesis"),
    [
        ("lag by twenty five to thirty years", "Lag by 25 to 30 years."),
        ("mister hale you don't", "Mr. Hale, uh, you don’t"),
    ],
)
def test_how_english_is_written_does_not_count(reference: str, hypothesis: str) -> None:
    assert errors(reference, hypothesis, "en").edits == 0


def test_a_digit_lost_in_a_telephone_number_is_one_error() -> None:
    assert errors("号码13800138000", "号码1380013800", "zh") == Errors(1, 13)
    assert errors("人口13800000人", "人口13,800,000人", "zh").edits > 0


def test_chinese_counts_characters_and_english_words() -> None:
    assert errors("今天天气很好", "今天天汽好", "zh") == Errors(2, 6)
    assert errors("the cat sat down", "the bat sat", "en") == Errors(2, 4)


def test_rates_add_up_by_length() -> None:
    total = Errors(1, 10) + Errors(2, 5)
    assert total == Errors(3, 15)
    assert total.rate == pytest.approx(0.2)
    assert math.isnan(Errors().rate)


def test_utterances_are_joined_as_they_are_written() -> None:
    assert join(["你好。", "我们走", "吧。"]) == "你好。我们走吧。"
    assert join(["Hello.", "Go on."]) == "Hello. Go on."
    assert join([]) == ""


@pytest.mark.parametrize(
    ("heard", "lacking"),
    [
        ("今天很好，我们走", [0, 0]),
        ("今天很好", [0, 3]),
        ("我们走", [4, 0]),
        ("今田很好我们", [0, 1]),
        ("", [4, 3]),
        ("嗯今天很好嗯我们走了", [0, 0]),
    ],
)
def test_what_each_part_of_a_reference_lacks(heard: str, lacking: list[int]) -> None:
    found = deleted(("今天很好", "我们走"), heard, "zh")
    assert found == [(lacking[0], 4), (lacking[1], 3)]
