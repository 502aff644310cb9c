"""The pronunciation lexicon of a Chinese language model, generated with pypinyin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from liusheng.han import HAN
from liusheng.models.errors import RecipeError

_FIRST = b"<unk>\0"
_HAN_WORD = re.compile(f"[{HAN}]+")
_SYLLABLE = re.compile("[a-zêü]+[1-5]")


def convert(
    source_dir: Path, target_dir: Path, *, source: str = "model.lm", output: str = "lexicon.txt"
) -> None:
    """Write a line "WORD SYLLABLE ..." for each word of Han characters in a KenLM binary.

    Syllables have tones (声音 sheng1 yin1). A single character has a line for each of its readings,
    the most common first; words that pypinyin cannot read have none.

    Raises:
        RecipeError: the file has no word list.
    """
    words = _vocabulary(source_dir / source)
    with (target_dir / output).open("w", encoding="utf-8", newline="\n") as file:
        for word, reading in _readings(words):
            if all(_SYLLABLE.fullmatch(syllable) for syllable in reading):
                file.write(f"{word} {' '.join(reading)}\n")


def _vocabulary(path: Path) -> list[str]:
    """Return the words of Han characters, from KenLM's word list at the end of the file."""
    data = path.read_bytes()
    start = data.rfind(_FIRST)
    if start < 0:
        raise RecipeError(f"{path.name} is not a KenLM binary with a word list")
    words = (word.decode() for word in data[start:].split(b"\0"))
    return [word for word in words if _HAN_WORD.fullmatch(word)]


def _readings(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    from pypinyin import Style, lazy_pinyin, pinyin

    for character in (word for word in words if len(word) == 1):
        (readings,) = pinyin(character, Style.TONE3, heteronym=True, neutral_tone_with_five=True)
        for syllable in readings:
            yield character, [syllable]
    longer = [word for word in words if len(word) > 1]
    # pypinyin takes each element of a list as one word.
    syllables = iter(lazy_pinyin(longer, Style.TONE3, neutral_tone_with_five=True))
    for word in longer:
        yield word, [next(syllables) for _ in word]
