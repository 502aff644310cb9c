from __future__ import annotations

import pytest

from liusheng.bench.texts import SENTENCES, make_text


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("length", [8, 30, 100, 1000])
@pytest.mark.parametrize("number", [0, 7, 23])
def test_texts_have_the_requested_length(lang: str, length: int, number: int) -> None:
    text = make_text(length, lang, number)
    slack = 12 if lang == "en" else 1
    assert length - slack <= len(text) <= length
    assert text.startswith(SENTENCES[lang][number][:2])
    assert text[-1] in "。？.?"


def test_texts_differ() -> None:
    assert len({make_text(30, "zh", number) for number in range(24)}) == 24
