import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.tts.text.cut import LONGEST_PIECE, LONGEST_WHOLE
from liusheng.tts.text.growing import GrowingText, Signal


def cut(text: str) -> list[str]:
    spans = GrowingText(text, last=True).spans()
    return [text[slice(*span)] for span in spans if not isinstance(span, Signal)]


@given(st.text(max_size=600))
def test_the_pieces_cover_the_text(text: str) -> None:
    assert "".join(cut(text)) == text
    assert all(0 < len(piece) <= LONGEST_PIECE + LONGEST_WHOLE + 64 for piece in cut(text))


@pytest.mark.parametrize(
    "whole",
    [
        *("1,234,567.89", "3:30", "http://a.cn/x?a=1,2", "foo.bar@qq.com", "192.168.1.1", "v2.0.1"),
        *("“你好，世界。”", "《你好，旧时光》", "（是的，没错！）", "Dr. Smith"),
    ],
)
def test_it_never_cuts_inside(whole: str) -> None:
    assert cut(f"看{whole}吧") == [f"看{whole}吧"]
    assert cut(f"好的，{whole}。再见") == ["好的，", f"{whole}。", "再见"]


def test_it_cuts_after_marks_and_what_closes_them() -> None:
    assert cut("他说：“走！”我们走。OK. Yes") == ["他说：", "“走！”我们走。", "OK.", " Yes"]
    assert cut("真的吗？！……好") == ["真的吗？！……", "好"]


def test_text_without_marks_is_cut_at_a_space() -> None:
    assert cut("字" * 100 + " " + "字" * 100) == ["字" * 100 + " ", "字" * 100]
    assert cut("字" * 130) == ["字" * 120, "字" * 10]
