"""Which prompts are lists of terms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol.prompt_terms import terms


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("流声", ("流声",)),
        ("流声、语音合成、小溪", ("流声", "语音合成", "小溪")),
        ("词汇：流声，PaddleSpeech", ("流声", "PaddleSpeech")),
        (
            "Glossary: ZyntriQix, Digique Plus, B.R.I.C.K., F.L.I.N.T.",
            ("ZyntriQix", "Digique Plus", "B.R.I.C.K.", "F.L.I.N.T."),
        ),
        ("- Node.js\n- Ann Lee\n2. Bob.", ("Node.js", "Ann Lee", "Bob")),
        ("“流声”; 流声;", ("流声",)),
        ("以下是普通话的句子。", ()),
        ("以下是普通话的句子和一些词", ()),
        ("The speakers talk about their plans, slowly", ()),
        ("Hello. My name is Ann", ()),
        ("Really? Yes, really", ()),
        ("", ()),
        (" , ", ()),
        ("a, " + "b" * 51, ()),
        ("ab," * 5_000, ()),
    ],
)
def test_examples(prompt: str, expected: tuple[str, ...]) -> None:
    assert terms(prompt) == expected


@given(st.lists(st.text("abcxyzABCXYZéß", min_size=1, max_size=12)))
def test_a_list_of_words_is_found_again(words: list[str]) -> None:
    assert terms(", ".join(words)) == tuple(dict.fromkeys(words))


@given(st.text(max_size=300))
def test_any_text_is_a_list_of_short_terms_or_none(prompt: str) -> None:
    found = terms(prompt)
    assert len(set(found)) == len(found)
    assert all(0 < len(each) <= 50 for each in found)
