"""From sherpa-onnx's tokens to text with times.

The library returns a text and, separately, tokens with times. Words with times need both, so the
characters of each token are determined here. There are four conventions for tokens.txt:

- SentencePiece: "▁" begins a word (the library shows it as a space);
- FunASR (Paraformer): "hel@@ lo" is one word, every other Latin token is a word of its own;
- byte fallback: "<0xE4>" is one byte of a UTF-8 sequence;
- byte-level BPE (icefall): every character of every token stands for one byte.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Collection, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from liusheng.asr.text.pieces import Piece, split_pieces, stands_alone
from liusheng.han import has_han, is_han

_SPECIAL = re.compile(r"<.*>|</?s>|#\d+|⁇")
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def _byte_alphabet() -> dict[str, int]:
    """Return the byte of each printable character in icefall (icefall/byte_utils.py).

    Printable ASCII represents itself; the other bytes, in order, are represented by the letters
    from U+0100 on that NFKC normalisation does not change.
    """
    printable = range(0x20, 0x7F)
    letters = (
        chr(code)
        for code in range(0x100, 0x200)
        if unicodedata.normalize("NFKC", chr(code)) == chr(code)
    )
    others = [byte for byte in range(256) if byte not in printable]
    alphabet = dict(zip(islice(letters, len(others)), others, strict=True))
    return alphabet | {chr(byte): byte for byte in printable} | {"▁": ord(" ")}


_BYTE_ALPHABET = _byte_alphabet()


_HOTWORD_SYNTAX = frozenset("/:#@")
"""In sherpa-onnx's list of hotwords: between two of them, before a score, a threshold and a name
(EncodeHotwords and EncodeBase in sherpa-onnx/csrc/utils.cc). There is no way to quote them."""

_TOKEN_SECONDS = 0.24
"""Assumed duration of the last token before a pause: models give only its start."""


class Token(NamedTuple):
    """A recognised token.

    text: as the library returns it.
    time: its start, in seconds from the start of the stream.
    """

    text: str
    time: float


def languages_of(listed: Sequence[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the listed languages of a model, or a guess by the script of its tokens."""
    return tuple(listed) or (("zh", "en") if vocabulary.has_han else ("en",))


def language_of(text: str, languages: Sequence[str]) -> str:
    """Guess which of a model's languages a text is in, by its script."""
    found = "zh" if has_han(text) else "en"
    return found if found in languages else languages[0]


class Vocabulary:
    """The symbols of a model's tokens.txt, and its convention.

    symbols: in the order of the file.
    has_han: whether Han characters are symbols.
    """

    def __init__(self, path: Path) -> None:
        """Read a file of lines "symbol id".

        Raises:
            ValueError: a line is not like that; the message names it.
        """
        self.symbols: tuple[str, ...] = _read(path)
        plain = [symbol for symbol in self.symbols if not _SPECIAL.fullmatch(symbol)]
        self._bpe_suffixes = any(symbol.endswith("@@") for symbol in plain)
        used = {char for symbol in plain for char in symbol} - {"▁"}
        self._bytes = used <= _BYTE_ALPHABET.keys() and not all(map(str.isascii, used))
        latin = {char for char in used if char.isascii() and char.isalpha()}
        self._uppercase = bool(latin) and all(map(str.isupper, latin))
        self._lowercase = bool(latin) and all(map(str.islower, latin))
        self.has_han = any(len(symbol) == 1 and is_han(symbol) for symbol in plain)

    def match_case(self, word: str) -> str:
        """Return a word in capital letters if the vocabulary has no others, and in small ones
        if it has no capitals."""
        return word.upper() if self._uppercase else word.lower() if self._lowercase else word

    def encodable(self, pieces: Collection[str] | None) -> frozenset[str]:
        """Return the characters that sherpa-onnx can encode in hotwords, in any case that
        `match_case` converts.

        Each is a token by itself, so that any word of them is a sequence of tokens. Letters and
        other ASCII are pieces of the BPE model too, also at the beginning of a word.

        pieces: the symbols of the model's bpe.vocab; None: it has none, and words are encoded
            character by character.
        """
        symbols = frozenset(self.symbols)
        single = {symbol for symbol in symbols if len(symbol) == 1} - _HOTWORD_SYNTAX - {"▁", " "}
        if pieces is not None:
            known = symbols.intersection(pieces)
            begins = "▁" in known
            spelt = {c for c in single & known if begins or f"▁{c}" in known}
            # Where Han characters are tokens the library encodes what is not ASCII by itself.
            single = spelt | {c for c in single if self.has_han and not c.isascii()}
        variants = {v for c in single for v in (c.lower(), c.upper()) if len(v) == 1}
        return frozenset(c for c in single | variants if self.match_case(c) in single)

    def spell(self, tokens: Sequence[str]) -> list[str]:
        """Return the characters of each token; concatenated, they are the text.

        A character of several tokens belongs to the last of them. Invalid UTF-8 is dropped. Words
        of vocabularies with capital letters only (an artefact of training texts) are converted to
        lower case.
        """
        decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        spelled: list[str] = []
        continues = False
        previous = ""
        for token in tokens:
            if self._bytes:
                added = decoder.decode(bytes(_BYTE_ALPHABET[char] for char in token))
            elif byte := _BYTE.fullmatch(token):
                added = decoder.decode(bytes([int(byte[1], 16)]))
            elif self._bpe_suffixes:
                piece = token.removesuffix("@@")
                apart = (
                    not continues
                    and previous != ""
                    and not (stands_alone(previous[-1]) and stands_alone(piece[:1] or " "))
                )
                added = " " * apart + piece
                continues = token.endswith("@@")
                previous = piece or previous
            else:
                added = token.replace("▁", " ")
            spelled.append(added.lower() if self._uppercase else added)
        return spelled

    def pieces(self, tokens: Sequence[Token], until: float) -> tuple[Piece, ...]:
        """Return the pieces of tokens.

        A piece ends where the next one starts, but no later than a token's assumed duration.

        until: end of the audio, in seconds from the start of the stream; limits all times.
        """
        spelled = self.spell([token.text for token in tokens])
        # "▁" before Han characters comes from tokenizers and is not a pause.
        written = ""
        for i, text in enumerate(spelled):
            if written and stands_alone(written[-1]) and stands_alone(text.lstrip()[:1] or " "):
                spelled[i] = text.lstrip()
            written += spelled[i]
        # For each character of the text:
        times = [token.time for token, text in zip(tokens, spelled, strict=True) for _ in text]
        texts = split_pieces(written)
        starts, ends = [], []
        done = 0
        for text in texts:
            first = done + len(text) - len(text.lstrip())
            done += len(text)
            starts.append(min(times[min(first, done - 1)], until))
            ends.append(min(times[done - 1] + _TOKEN_SECONDS, until))
        ends[:-1] = map(min, ends[:-1], starts[1:])
        return tuple(map(Piece, texts, starts, ends))


def _read(path: Path) -> tuple[str, ...]:
    symbols = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not in UTF-8: {error}") from error
    for number, line in enumerate(lines, 1):
        parts = line.rsplit(maxsplit=1)
        if not line.strip():
            continue
        if not parts[-1].isdigit():
            raise ValueError(f"{path}, line {number}: expected a symbol and its id, got {line!r}")
        # A line with only an id is the space symbol of some character vocabularies.
        symbols.append(parts[0] if len(parts) == 2 else " ")
    if not symbols:
        raise ValueError(f"{path} has no tokens")
    return tuple(symbols)
