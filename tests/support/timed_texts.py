"""Random timed texts, for whatever cuts or aligns them."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

Token = tuple[str, float, float]

_PUNCTUATION = st.sampled_from(
    [
        "",
        "",
        "",
        "",
        ",",
        ".",
        "?",
        "!",
        ";",
        ":",
        "，",
        "。",
        "？",
        "！",
        "、",
        "…",
        "”",
        "）",
        " !",
    ]
)
_OPENING = st.sampled_from(["", "", "", "", "“", "（", "(", '"', "《"])
_SPACE = st.sampled_from([" ", " ", " ", "", "  ", "\n", "\u3000"])
_WORD = st.one_of(
    st.text("abcdefgXYZ", min_size=1, max_size=12),
    st.sampled_from(
        ["Mr", "3.5", "9:30", "it’s", "don't", "$1,000", "example.org", "안녕하세요", "é"]
    ),
    st.sampled_from("今天气真不错我们去公园散步〇𠮷豈々あカ😀"),
)
_SECONDS = st.one_of(
    st.just(0.0), st.floats(0, 0.6), st.floats(0, 0.6), st.floats(0.6, 1.5), st.floats(1.5, 20)
)


class TimedText(NamedTuple):
    text: str
    tokens: list[Token]


@st.composite
def timed_texts(draw: st.DrawFn, max_words: int = 60, *, spaced: bool = False) -> TimedText:
    """Words in Latin letters, Han, kana and Hangul, with punctuation, pauses and empty times.

    spaced: with a space after each.
    """
    text = ""
    tokens: list[Token] = []
    clock = 0.0
    for _ in range(draw(st.integers(1, max_words))):
        word = draw(_WORD)
        clock += draw(_SECONDS) if draw(st.booleans()) else 0.0
        length = draw(_SECONDS)
        tokens.append((word, round(clock, 3), round(clock + length, 3)))
        clock += length
        text += draw(_OPENING) + word + draw(_PUNCTUATION) + (" " if spaced else draw(_SPACE))
    return TimedText(text, tokens)
