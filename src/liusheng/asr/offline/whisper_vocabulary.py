"""The part of Whisper's vocabulary that Mandarin needs.

A third to a half of a decoder's time goes into the logits of 51,865 tokens, of which Mandarin uses
some thousands. Most of the others are pieces of words of other languages.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tokenizers

from liusheng.han import is_han

_LATIN = 14_000
"""Of the pieces of ASCII letters, those among the first so many of the vocabulary stay, which are
the most frequent. (Of 61 Mandarin recordings, whisper-base writes the same tokens with them as with
all. With 8,000 it writes "App" for "APP", and the decoder is hardly faster.)"""
_FEW_LETTERS = 10
"""Letters of a name among Chinese words, which frequent pieces can write. (Of 44 English recordings
decoded as Mandarin, 33 have the same tokens with these pieces alone as with all.)"""
_HAN_LEADS = range(0xE2, 0xEA)
"""First bytes of punctuation, signs and most Han characters in UTF-8."""
_FULL_WIDTH_LEAD, _RARE_HAN_LEAD = 0xEF, 0xF0


def mandarin_tokens(hf: tokenizers.Tokenizer, text_tokens: int) -> npt.NDArray[np.intp]:
    """Return the tokens that Mandarin needs, ascending.

    These are every single byte, so that any text can be written; pieces without letters of other
    scripts than Han; parts of characters that can be Han; frequent pieces of ASCII letters; all
    special tokens and timestamps.

    text_tokens: number of tokens of text, which come before the special ones.
    """
    of_byte = _alphabet()
    needed = [
        _is_needed(bytes(of_byte[char] for char in hf.id_to_token(token) or ""), token)
        for token in range(text_tokens)
    ]
    needed += [True] * (hf.get_vocab_size() - text_tokens)
    return np.flatnonzero(needed)


def is_mandarin(text: str) -> bool:
    """Whether a text has no letters but Han characters and a few Latin ones, and no broken ones.

    Other text may have been written with less likely pieces than the model would have chosen from
    its whole vocabulary.
    """
    others = _other_letters(text)
    return "\ufffd" not in text and others.isascii() and len(others) <= _FEW_LETTERS


class CutVocabulary:
    """Numbers of tokens in a vocabulary, and in what was kept of it.

    kept: tokens, ascending.
    size: of the whole vocabulary.
    """

    def __init__(self, kept: npt.NDArray[np.intp], size: int) -> None:
        self.kept = kept
        self.size = size
        self._new = np.full(size, -1)
        self._new[kept] = np.arange(len(kept))

    def covers(self, tokens: Sequence[int]) -> bool:
        """Whether all of these tokens were kept."""
        return bool((self._new[list(tokens)] >= 0).all())

    def renumber(self, tokens: Sequence[int]) -> list[int]:
        """Return the new numbers of those of the tokens that were kept."""
        new = self._new[list(tokens)]
        return [int(each) for each in new if each >= 0]

    def restore(self, tokens: Sequence[int]) -> list[int]:
        """Return the old numbers of tokens, given by the new ones."""
        return [int(each) for each in self.kept[list(tokens)]]


def _is_needed(piece: bytes, rank: int) -> bool:
    if len(piece) == 1 or (piece.isascii() and rank < _LATIN):
        return True
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return all(map(_may_be_of_han, piece.lstrip(b" ")))
    return not _other_letters(text)


def _may_be_of_han(byte: int) -> bool:
    """Whether a byte can be part of a Han character, or of punctuation beside them."""
    continues = 0x80 <= byte < 0xC0
    return continues or byte in _HAN_LEADS or byte in (_FULL_WIDTH_LEAD, _RARE_HAN_LEAD)


def _other_letters(text: str) -> str:
    """Return the letters of other scripts than Han, and their marks."""
    return "".join(
        char
        for char in text
        if (char.isalpha() or unicodedata.category(char)[0] == "M")
        and not is_han(char)
        and char != "々"
    )


def _alphabet() -> dict[str, int]:
    """Return which byte a character in a token stands for (GPT-2's byte-level BPE)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    shifted = {chr(0x100 + i): byte for i, byte in enumerate(others)}
    return {chr(byte): byte for byte in printable} | shifted
