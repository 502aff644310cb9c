"""What is not read is listed, with its place and the reason."""

import pytest

from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.skipped import is_mark
from liusheng.tts.text.types import Skipped


def skipped(front_end: FrontEnd, text: str) -> list[Skipped]:
    whole = GrowingText(text, last=True)
    for _ in front_end.follow(whole):
        pass
    return whole.skipped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好，世界！（真的）", []),
        ("你好こんにちは。再见", [Skipped("こんにちは", (2, 7), "no_voice_for_script")]),
        ("Привет мир，你好", [Skipped("Привет мир", (0, 10), "no_voice_for_script")]),
        ("한국어 text", [Skipped("한국어", (0, 3), "no_voice_for_script")]),
        ("太好了😀👍🏽！", [Skipped("😀👍🏽", (3, 6), "emoji")]),
        ("下雨☔️了", [Skipped("☔", (2, 3), "emoji")]),
        ("版权©所有", [Skipped("©", (2, 3), "symbol")]),
        ("**重点**", [Skipped("**", (0, 2), "symbol"), Skipped("**", (4, 6), "symbol")]),
        ("姓𠮷的人", [Skipped("𠮷", (1, 2), "no_reading")]),
        ("hello ©, world", [Skipped("©", (6, 7), "symbol")]),
        ("人々", []),
        ("straße", []),
        ("3П½", [Skipped("П", (1, 2), "no_voice_for_script")]),
    ],
)
def test_skipped(front_end: FrontEnd, text: str, expected: list[Skipped]) -> None:
    assert skipped(front_end, text) == expected


def test_a_growing_text_lists_the_same(front_end: FrontEnd) -> None:
    whole = "你好こんにちは。太好了😀，再见。"
    text = GrowingText()
    rest = list(whole)
    for clause in front_end.follow(text):
        if clause is None:
            text.extend(rest.pop(0) if rest else "", last=not rest)
    assert text.skipped == skipped(front_end, whole)


@pytest.mark.parametrize("char", [*"，。！？（）“”·— \n\t\u200b\u0301_/|~•"])
def test_marks(char: str) -> None:
    assert is_mark(char)


@pytest.mark.parametrize("char", [*"&@#%*\\+=<>^$→°aあ一1😀"])
def test_what_means_something_is_no_mark(char: str) -> None:
    assert not is_mark(char)
