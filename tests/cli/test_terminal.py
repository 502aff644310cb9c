from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from liusheng.cli.terminal import StatusLine, printable, tail


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(st.text(), st.integers(2, 50))
def test_a_tail_fits_and_is_as_long_as_can_be(text: str, cells: int) -> None:
    text = printable(text)
    got = tail(text, cells)
    assert cell_len(got) <= cells
    if cell_len(text) <= cells:
        assert got == text
    else:
        assert got[0] == "…"
        assert text.endswith(got[1:])


def test_chinese_characters_take_two_columns() -> None:
    assert tail("流式语音", 8) == "流式语音"
    assert tail("流式语音识别", 8) == "…音识别"
    assert tail("流式语音识别", 9) == "…语音识别"


def test_control_characters_are_not_printed() -> None:
    assert printable("a\x1b[2Jb\r\nc\u202e。") == "a [2Jb  c 。"


def test_a_line_changes_in_place() -> None:
    out = Terminal()
    line = StatusLine(out, width=20)
    line.show("你好", stable=1)
    line.show("你好", stable=1)  # nothing new: nothing is written
    line.show("你好吗", stable=3)
    line.clear()
    line.clear()
    dim, plain, start = "\x1b[2m", "\x1b[22m", "\r\x1b[2K"
    assert out.getvalue() == f"{start}你{dim}好{plain}{start}你好吗{start}"


def test_stable_text_is_marked_in_a_long_line_too() -> None:
    out = Terminal()
    StatusLine(out, width=6).show("abcdefgh", stable=6)
    assert out.getvalue() == "\r\x1b[2K…ef\x1b[2mgh\x1b[22m"


@pytest.mark.parametrize("terminal", [False, True])
def test_where_there_is_no_terminal_nothing_is_written(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    out = Terminal() if terminal else io.StringIO()
    line = StatusLine(out)
    line.show("text")
    line.clear()
    assert out.getvalue() == ""
