"""A pronunciation lexicon: words and their pinyin, from a file of the user's."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path

from liusheng.han import is_han
from liusheng.tts.text.clean import clean

log = logging.getLogger(__name__)

_PINYIN = re.compile("[a-z]+(?<![^lnjqxyv]v)[1-5]")


class LexiconError(ValueError):
    """A lexicon is not valid; the message names the file, the line and what to write."""


class UserLexicon:
    """Words and their pinyin from a UTF-8 text file, read again when the file changes.

    A line holds a word and its syllables, separated by spaces; "v" (or "ü") for ü, tone 1 to 5; "#"
    begins a comment. A word of Han characters has one syllable for each; one with Latin letters or
    digits has any number. Readings are as in a dictionary: tone sandhi is still applied.

        六安  lu4 an1
        SQL  sei1 kou3

    Args:
        path: the file; None for an empty lexicon.

    Raises:
        LexiconError: the file cannot be read, or a line of it is not valid.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = None if path is None else Path(path)
        self._stamp: tuple[int, int] | None = None
        self.words: dict[str, tuple[str, ...]] = {}
        self._longest = 0
        self._logged_error = ""  # the last one
        if self.path is not None:
            self._load(self.path)

    @classmethod
    def watching(cls, path: str | os.PathLike[str] | None) -> UserLexicon:
        """A lexicon that is empty while its file is not valid: the error is logged, and the file is
        read again when it changes."""
        lexicon = cls()
        lexicon.path = None if path is None else Path(path)
        lexicon.update()
        return lexicon

    def update(self) -> None:
        """As `refresh`, but an error is logged, once, and the words stay as they were."""
        try:
            if self.refresh():
                log.info("read %d words from the lexicon %s", len(self.words), self.path)
            self._logged_error = ""
        except LexiconError as error:
            if str(error) != self._logged_error:
                log.error("%s The words read before stay in use.", error)
            self._logged_error = str(error)

    def refresh(self) -> bool:
        """Read the file again if it changed; return whether it did.

        Raises:
            LexiconError: the changed file is not valid; the words stay as they were until it
                changes again.
        """
        if self.path is None:
            return False
        try:
            stamp = _stamp(self.path)
        except OSError as error:
            raise LexiconError(f"Cannot read the lexicon {self.path}: {error.strerror}.") from error
        if stamp == self._stamp:
            return False
        self._load(self.path)
        return True

    def longest_match(self, text: str, at: int) -> str:
        """The longest word that begins at `text[at]`, or ""; never part of a longer Latin word."""
        for size in range(min(self._longest, len(text) - at), 0, -1):
            word = text[at : at + size]
            if word in self.words and not (_splits(text, at) or _splits(text, at + size)):
                return word
        return ""

    def _load(self, path: Path) -> None:
        try:
            self._stamp = _stamp(path)
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise LexiconError(f"Cannot read the lexicon {path}: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise LexiconError(f"The lexicon {path} is not UTF-8: save it as UTF-8.") from error
        words: dict[str, tuple[str, ...]] = {}
        for number, line in enumerate(text.splitlines(), 1):
            entry = line.partition("#")[0].split()
            if entry:
                try:
                    word, syllables = word_of(entry)
                except LexiconError as error:
                    raise LexiconError(f"{path}, line {number}: {error}") from None
                words[word] = syllables
        self.words = words
        self._longest = max(map(len, words), default=0)


def word_of(fields: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """A word and its syllables from the fields of a line.

    Raises:
        LexiconError: the fields are not valid; the message says what to write instead.
    """
    word = clean(fields[0], 0, len(fields[0])).text
    if not word or not all(is_han(char) or (char.isascii() and char.isalnum()) for char in word):
        raise LexiconError(
            f"{fields[0]!r} is not a word of Han characters, Latin letters and digits."
        )
    syllables = tuple(s.lower().replace("u:", "v").replace("ü", "v") for s in fields[1:])
    if not syllables:
        raise LexiconError(f"{word} has no syllables; write them after it.")
    if all(map(is_han, word)) and len(syllables) != len(word):
        raise LexiconError(
            f"{word} has {len(word)} characters but {len(syllables)} syllables; "
            "write one for each, with spaces between."
        )
    for syllable in syllables:
        if not _PINYIN.fullmatch(syllable):
            raise LexiconError(
                f"{syllable!r} is not a pinyin syllable with a tone from 1 to 5, "
                'such as "hang2" or "lv4".'
            )
    return word, syllables


def _splits(text: str, at: int) -> bool:
    """Whether a cut before `text[at]` would separate two Latin letters or two digits."""
    pair = text[at - 1 : at + 1] if at else ""
    return pair.isascii() and len(pair) == 2 and (pair.isalpha() or pair.isdecimal())


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
