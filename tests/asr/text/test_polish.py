from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.text.pieces import Piece, letters, split_pieces, spread
from liusheng.asr.text.polish import ended, open_ended, polish, text_of, words_of
from liusheng.asr.types import Script


def pieces(text: str) -> tuple[Piece, ...]:
    return spread(split_pieces(text), 0.0, 1.0)


def written(text: str, lang: str = "zh", script: Script = Script.SIMPLIFIED) -> str:
    return text_of(polish(pieces(text), lang, script))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("國務院派出八個督察組", "国务院派出八个督察组"),
        ("今天天气很好 我们出去玩", "今天天气很好，我们出去玩"),
        ("今天天气很好, 我们出去玩.", "今天天气很好，我们出去玩。"),
        ("你好吗?", "你好吗？"),
        ("你好,，吗", "你好，吗"),
        ("，你好", "你好"),
        ("60%是3.5公里", "60%是3.5公里"),
        ("我用Python写代码", "我用 Python 写代码"),
        ("我用 Python 写 hello world 吧", "我用 Python 写 hello world 吧"),
        ("买A股", "买A股"),
        ("我 2006年来", "我2006年来"),
        ("说 OK, 好", "说 OK，好"),
        ("早上7.半到9.半", "早上7点半到9点半"),
        ("走了7.公里, 用了3。个小时.", "走了7公里，用了3个小时。"),
        ("他今年7. 我们走", "他今年7。我们走"),
        ("一共7.我们走", "一共7。我们走"),
        ("Hello, how are you?", "Hello, how are you?"),
        ("3.5", "3.5"),
        # Marks of abbreviations and between Latin words are not those of Chinese.
        ("Mr. Wang来了", "Mr. Wang 来了"),
        ("Mr. 王来了", "Mr. 王来了"),
        ("U.S. 经济", "U.S. 经济"),
        ("No. 1的", "No. 1的"),
        ("我用e.g. 苹果", "我用 e.g. 苹果"),
        ("J. K. 罗琳写的", "J. K. 罗琳写的"),
        ("选A. 然后", "选A。然后"),
        ("现在是10 a.m. 我们走", "现在是10 a.m. 我们走"),
        ("我用Python, Java. 还有Go.", "我用 Python, Java。还有 Go。"),
        ("Hello, I am fine. 你好. Thank you.", "Hello, I am fine。你好。Thank you。"),
        ("我说 hello , 你好", "我说 hello，你好"),
        ("What?! 不会吧", "What？不会吧"),
    ],
)
def test_chinese_is_written_as_people_write_it(raw: str, shown: str) -> None:
    assert written(raw) == shown


def test_traditional_characters_by_choice() -> None:
    assert written("国务院派出八个督察组", script=Script.TRADITIONAL) == "國務院派出八個督察組"


def test_other_languages_stay_as_the_model_gives_them() -> None:
    assert written(" Hello, Mr. Hale. I'm 3.5", "en") == "Hello, Mr. Hale. I'm 3.5"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Hello, I am fine. 你好. Thank you.", "Hello, I am fine. 你好。Thank you."),
        ("I met Dr. Li in 北京, then left.", "I met Dr. Li in 北京，then left."),
        ("Really? 真的吗? Yes!", "Really? 真的吗？Yes!"),
    ],
)
def test_english_with_some_chinese_has_the_marks_of_each(raw: str, shown: str) -> None:
    assert text_of(ended(polish(pieces(raw), "en", Script.SIMPLIFIED), "en", False)) == shown


def test_japanese_characters_are_not_made_chinese() -> None:
    assert written("発音の學校", "ja") == "発音の學校"


def test_words_that_go_on_from_others_are_apart() -> None:
    before = Piece("there", 0.0, 1.0)
    assert polish(pieces("is more"), "en", Script.SIMPLIFIED, before)[0].text == " is"


def test_a_chinese_text_goes_on_without_a_space() -> None:
    before = Piece("气", 0.0, 1.0)
    assert polish(pieces(" 很好"), "zh", Script.SIMPLIFIED, before)[0].text == "很"


@pytest.mark.parametrize(
    ("text", "cut", "closed"),
    [
        ("你好", False, "你好。"),
        ("你好，", False, "你好。"),
        ("你好吗？", False, "你好吗？"),
        ("我用 OK", False, "我用 OK。"),
        ("我用 etc.", False, "我用 etc。"),
        ("我说 OK?", False, "我说 OK？"),
        ("你好，", True, "你好"),
        ("", False, ""),
        ("See you tomorrow", False, "See you tomorrow."),
        ("See you tomorrow,", False, "See you tomorrow."),
        ("Are you there?", False, "Are you there?"),
        ("See you", True, "See you"),
        ("2026", False, "2026。"),
    ],
)
def test_a_closed_utterance_ends_in_a_mark(text: str, cut: bool, closed: str) -> None:
    assert text_of(ended(pieces(text), "zh", cut)) == closed


def test_an_english_utterance_ends_as_the_model_says() -> None:
    assert text_of(ended(pieces("Hello"), "en", False)) == "Hello"


def test_an_open_text_ends_in_no_mark() -> None:
    assert text_of(open_ended(pieces("你好。"))) == "你好"
    assert text_of(open_ended(pieces("This is."))) == "This is"


_raw = st.text(st.sampled_from("你好们體 ,.，。?!"), max_size=20)


@given(_raw)
def test_marks_are_never_doubled_and_never_lead(raw: str) -> None:
    shown = text_of(ended(polish(pieces(raw), "zh", Script.SIMPLIFIED), "zh", False))
    assert not shown.startswith(("，", "。"))
    assert not any(a + b in shown for a in "，。？！" for b in "，。？！")


@given(_raw)
def test_words_joined_are_the_text_but_for_spaces(raw: str) -> None:
    polished = polish(pieces(raw), "zh", Script.SIMPLIFIED)
    words = "".join(w.text for w in words_of(polished))
    assert words.replace(" ", "") == text_of(polished).replace(" ", "")


_mixed = st.text(st.sampled_from("你好们aB1 ,.，。?!"), max_size=20)


@given(_raw | _mixed, st.integers(0, 20))
def test_letters_of_a_beginning_do_not_depend_on_what_follows(raw: str, count: int) -> None:
    whole = pieces(raw)
    shown, begun = (
        "".join(letters(p.text) for p in polish(part, "zh", Script.SIMPLIFIED))
        for part in (whole, whole[:count])
    )
    assert shown.startswith(begun)
