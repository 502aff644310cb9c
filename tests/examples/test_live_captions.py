from __future__ import annotations

import re

import pytest


def test_what_is_stable_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    from live_captions import Captions

    captions = Captions(live=False)
    for text, stable in [("a", ""), ("ab c", "ab"), ("ab d", "ab"), ("ab d.", "ab d.")]:
        captions.show(text, stable)
    assert capsys.readouterr().out == "ab d."


def test_a_terminal_shows_what_may_change(capsys: pytest.CaptureFixture[str]) -> None:
    from live_captions import Captions

    captions = Captions(live=True)
    captions.show("ab c", "ab")
    captions.show("ab d", "ab d")
    dim = re.findall(r"\x1b7\x1b\[2m(.*?)\x1b\[0m\x1b8", capsys.readouterr().out)
    assert dim == [" c", ""]
