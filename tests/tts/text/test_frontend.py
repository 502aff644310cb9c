from pathlib import Path

import pytest

from liusheng.tts.text import frontend
from liusheng.tts.text.assemble import FIRST, LONGEST
from liusheng.tts.text.clean import Chars, clean
from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.text.lexicon import UserLexicon
from liusheng.tts.text.types import Clause

LONG = (
    "人工智能正在深刻改变我们的生活方式并且将会在未来的很长一段时间里面"
    "继续影响着我们每一个人的工作和学习"
)


def readings(front_end: FrontEnd, text: str) -> list[str]:
    return [clause.reading for clause in front_end.clauses(text)]


def last_word_is_whole(clause: Clause, after: Clause) -> bool:
    return after.syllables[0].word_start and clause.span[1] <= after.span[0]


@pytest.mark.parametrize(
    "unit",
    [
        *("今天天气真不错，我们一起去公园散步吧。", "没有标点的文字", "abc", "12345", "word "),
        *("😀", "，", "“", "1,"),
    ],
)
def test_the_first_clause_does_not_cost_the_length_of_the_text(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch, unit: str
) -> None:
    cleaned = 0

    def counting(text: str, start: int, end: int) -> Chars:
        nonlocal cleaned
        cleaned += end - start
        return clean(text, start, end)

    monkeypatch.setattr(frontend, "clean", counting)
    text = (unit * 100_000)[:100_000]
    first = next(front_end.clauses("你好世界欢迎，" + text))
    assert first.reading == "你好世界欢迎"
    assert cleaned < 1_000
    if any(map(str.isalnum, unit)):
        cleaned = 0
        next(front_end.clauses(text))
        assert cleaned < 1_500


def test_a_long_text_is_read_to_its_end(front_end: FrontEnd) -> None:
    clauses = list(front_end.clauses(LONG * 20))
    assert "".join(clause.reading for clause in clauses) == LONG * 20
    assert all(len(clause.syllables) <= LONGEST for clause in clauses)


def test_the_first_clause_is_short_and_ends_with_a_word(front_end: FrontEnd) -> None:
    first, second, *rest = front_end.clauses(LONG)
    assert len(first.syllables) <= FIRST
    assert first.pause == "none"
    assert last_word_is_whole(first, second)
    assert all(last_word_is_whole(a, b) for a, b in zip([second, *rest], rest, strict=False))


def test_a_number_is_not_cut(front_end: FrontEnd) -> None:
    text = "我昨天晚上给你的那个手机号码13800138000打过电话但是没有人接"
    spans = [clause.span for clause in front_end.clauses(text)]
    start = text.index("1")
    assert any(a <= start and start + 11 <= b for a, b in spans)
    assert sum("幺" in reading for reading in readings(front_end, text)) == 1


def test_a_number_has_its_pauses_inside(front_end: FrontEnd) -> None:
    (clause,) = front_end.clauses("010-62785001")
    pauses = [s.text for s in clause.syllables if s.pause_after]
    assert clause.reading == "零幺零，六二七八五零零幺"
    assert pauses == ["零"]


def test_the_number_of_an_item_has_a_pause_after_it(front_end: FrontEnd) -> None:
    assert readings(front_end, "1. 打开设置页面\n2、退出") == ["一，打开设置页面", "二，退出"]


def test_a_label_stays_with_its_number(front_end: FrontEnd) -> None:
    assert readings(front_end, "密码：8888") == ["密码，八八八八"]


def test_short_pieces_are_joined_and_keep_their_pause(front_end: FrontEnd) -> None:
    first, *_ = front_end.clauses("好的，没问题，我马上就过去接你们。")
    assert first.reading.startswith("好的，没问题")
    assert next(s.text for s in first.syllables if s.pause_after) == "的"
    assert readings(front_end, "苹果、香蕉、葡萄和西瓜都很好吃。") == [
        "苹果，香蕉",
        "葡萄和西瓜都很好吃",
    ]


def test_sentences_are_not_joined(front_end: FrontEnd) -> None:
    clauses = list(front_end.clauses("好。行！可以吗？"))
    assert [clause.reading for clause in clauses] == ["好", "行", "可以吗"]
    assert all(clause.ends_sentence and clause.pause == "sentence" for clause in clauses)


def test_pauses(front_end: FrontEnd) -> None:
    clauses = list(front_end.clauses("今天我们去公园，明天我们去爬山（真的）。后天呢"))
    assert [clause.pause for clause in clauses] == ["comma", "sentence", "none"]


def test_a_quotation_keeps_its_sentence_end(front_end: FrontEnd) -> None:
    clauses = list(front_end.clauses("他说：“你好，世界！”然后走了。"))
    assert [clause.reading for clause in clauses] == ["他说，你好，世界", "然后走了"]
    assert clauses[0].pause == "sentence"


def test_languages_are_distinguished(front_end: FrontEnd) -> None:
    clauses = list(front_end.clauses("我们用Python写了一个Web服务。It works, really. 很好"))
    assert [(clause.lang, clause.reading) for clause in clauses] == [
        ("zh", "我们用"),
        ("en", "Python"),
        ("zh", "写了一个"),
        ("en", "Web"),
        ("zh", "服务"),
        ("en", "It works, really"),
        ("zh", "很好"),
    ]


def test_figures_go_on_in_the_language_around_them(front_end: FrontEnd) -> None:
    assert [c.lang for c in front_end.clauses("In 2019, 2020, and 2021. We won.")] == ["en", "en"]
    assert [c.lang for c in front_end.clauses("2020, the year of change.")] == ["en"]
    assert [c.lang for c in front_end.clauses("2020")] == ["zh"]


def test_english_is_cut_between_words(front_end: FrontEnd) -> None:
    text = "word " * 200
    clauses = list(front_end.clauses(text))
    assert len(clauses[0].reading) <= 60
    assert all(len(clause.reading) <= 160 for clause in clauses)
    assert " ".join(clause.reading for clause in clauses).split() == text.split()


@pytest.mark.parametrize(
    "text", ["", " \n", "，。！", "😀👍🏽", "\u200b\x00", "“”（）", "ひらがな"]
)
def test_nothing_to_say(front_end: FrontEnd, text: str) -> None:
    assert list(front_end.clauses(text)) == []


def test_spans_point_into_the_original_text(front_end: FrontEnd) -> None:
    text = "價格２９９元，😀頭髮"
    read = {
        text[slice(*syllable.span)]: syllable.text
        for clause in front_end.clauses(text)
        for syllable in clause.syllables
    }
    assert read["價"] == "价"
    assert read["２９９"] == "九"
    assert read["髮"] == "发"


def test_the_lexicon_goes_first_and_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("银行 yin2 xing2\nSQL sei1 kou3\n", encoding="utf-8")
    front_end = FrontEnd(UserLexicon(path))

    def pinyin(text: str) -> list[str]:
        return [s.pinyin for clause in front_end.clauses(text) for s in clause.syllables]

    assert pinyin("去银行") == ["qu4", "yin2", "xing2"]
    assert pinyin("去銀行") == ["qu4", "yin2", "xing2"]
    assert pinyin("学SQL") == ["xue2", "sei1", "kou3"]
    assert pinyin("学MySQL")[:2] == ["xue2"]
    path.write_text("银行 yin2 hang4 # changed\n", encoding="utf-8")
    assert pinyin("去银行") == ["qu4", "yin2", "hang4"]


@pytest.mark.parametrize(
    ("text", "asks"),
    [("Is it?", [True]), ("你好吗？我很好。", [True, False]), ("真的？！", [True])],
)
def test_questions_are_known(front_end: FrontEnd, text: str, asks: list[bool]) -> None:
    assert [clause.asks for clause in front_end.clauses(text)] == asks
