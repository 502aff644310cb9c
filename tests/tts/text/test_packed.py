"""Dictionaries in one block of memory say what the `dict`s said that they were made of."""

from __future__ import annotations

import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st
from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

from liusheng.tts.text.packed import PackedStrings
from liusheng.tts.text.pypinyin_data import characters, phrases
from tests.support.examples import examples

# Any string, those that are not valid UTF-8 too.
STRINGS = st.text(st.characters(), max_size=6) | st.text("ab\ud800\x00\xff\xfe", max_size=3)


@settings(deadline=None, max_examples=examples(200))
@given(st.dictionaries(STRINGS, STRINGS, max_size=40), st.lists(STRINGS, max_size=10))
def test_any_dictionary(entries: dict[str, str], others: list[str]) -> None:
    packed = PackedStrings(entries.items())
    assert len(packed) == len(entries)
    for key in [*entries, *others, ""]:
        assert packed.get(key) == entries.get(key)
        assert (key in packed) == (key in entries)


def test_it_takes_little_more_than_its_characters() -> None:
    entries = {f"key {number}": f"value {number}" for number in range(20_000)}
    characters_of_it = sum(len(key) + len(value) for key, value in entries.items())
    tracemalloc.start()
    packed = PackedStrings(entries.items())
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert packed.get("key 19999") == "value 19999"
    assert size < characters_of_it + 12 * len(entries)


def test_every_phrase_is_pypinyins() -> None:
    assert len(phrases()) == len(PHRASES_DICT)
    for phrase, syllables in PHRASES_DICT.items():
        assert (phrases().get(phrase) or "").split(" ") == [readings[0] for readings in syllables]


def test_every_character_is_pypinyins() -> None:
    assert len(characters()) == len(PINYIN_DICT)
    assert all(characters().get(chr(code)) == each for code, each in PINYIN_DICT.items())
