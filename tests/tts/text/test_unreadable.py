"""What is told before a text was read must be true in the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.unreadable import sure_to_be_skipped


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("今天3.5元，OK？½ α ② ✓ ℃ 頭", []),
        ("好😀 👍🏽。Привет, мир!", [("😀 👍🏽", "emoji"), ("Привет, мир", "no_voice_for_script")]),
        ("こんにちは😀", [("こんにちは", "no_voice_for_script"), ("😀", "emoji")]),
        ("か好か", [("か", "no_voice_for_script")] * 2),
        ("a ** b ©", []),
    ],
)
def test_characters(text: str, found: list[tuple[str, str]]) -> None:
    skipped = sure_to_be_skipped(text)
    assert [(each.text, each.reason) for each in skipped] == found
    assert all(text[slice(*each.span)] == each.text for each in skipped)


def test_mark_up() -> None:
    text = "**好😀**\n```py\nprint('な')\n```\n[な](https://a.com/な)"
    found = [(each.text, each.span, each.reason) for each in sure_to_be_skipped(text, markup=True)]
    assert found == [
        ("😀", (3, 4), "emoji"),
        ("print('な')\n", (13, 24), "code"),
        ("な", (29, 30), "no_voice_for_script"),
    ]


@given(st.text(st.sampled_from("好3.a😀👍🏽なПé½α頭©→ ，\n²•々𠮷☃♥①Ω़")))
def test_it_is_skipped_in_the_end(front_end: FrontEnd, text: str) -> None:
    whole = GrowingText(text, last=True)
    for _ in front_end.follow(whole):
        pass
    unread = {at for each in whole.skipped for at in range(*each.span)}
    told = {at for each in sure_to_be_skipped(text) for at in range(*each.span)}
    characters = {at for at in told if not text[at].isspace()}
    assert characters <= unread | {at for at in characters if text[at] in "，.।•़"}
