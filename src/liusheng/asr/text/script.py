"""How recognised text is written: characters, punctuation and spaces.

It works on pieces, from left to right, and never changes what an earlier call settled: what a piece
looks like depends on the pieces before it and on whether another follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from liusheng.asr.text.pieces import Piece, stands_alone
from liusheng.asr.types import Script, Word
from liusheng.han import is_han

_FULL_WIDTH = str.maketrans({",": "，", ".": "。", "?": "？", "!": "！", ";": "；", ":": "："})
_PAUSES = "，、；："
_STOPS = "。？！…"
_MARKS = _PAUSES + _STOPS


@cache
def _opencc(config: str) -> Any:
    from opencc import OpenCC

    return OpenCC(config)


def to_script(text: str, script: Script) -> str:
    """Write Han characters the simplified or the traditional way (OpenCC)."""
    converted: str = _opencc("t2s" if script is Script.SIMPLIFIED else "s2t").convert(text)
    return converted


def in_script(pieces: Sequence[Piece], script: Script) -> list[Piece]:
    """Write pieces the simplified or the traditional way."""
    texts = [p.text for p in pieces]
    whole = to_script("".join(texts), script)
    if len(whole) != sum(map(len, texts)):
        # A phrase changed its length: convert without context rather than lose the places.
        return [replace(p, text=to_script(p.text, script)) for p in pieces]
    converted = []
    at = 0
    for piece in pieces:
        converted.append(replace(piece, text=whole[at : at + len(piece.text)]))
        at += len(piece.text)
    return converted


def polish(
    pieces: Sequence[Piece], lang: str, script: Script, before: Piece | None = None
) -> list[Piece]:
    """Write a hypothesis the way people write its language.

    Text with Han characters gets its script, full-width punctuation, a comma where the model left
    a space between Han characters, no other spaces between them, and a space between Han
    characters and Latin words. Other text stays as the model gives it.

    Args:
        before: the piece that these go on from, if any; it is not changed.
    """
    if lang not in ("zh", "yue") and not any(stands_alone(c) for p in pieces for c in p.text):
        return _joined(pieces, before)
    if lang in ("zh", "yue"):
        pieces = in_script(pieces, script)
    polished: list[Piece] = []
    for raw in pieces:
        piece = replace(raw, text=_full_width(raw.text))
        spaced = piece.text[:1].isspace()
        marks = piece.text.strip()
        text = marks.lstrip(_MARKS)
        marks = marks[: len(marks) - len(text)]
        if marks and polished:
            # Marks go to the piece before them; none stands at the beginning.
            polished[-1] = replace(polished[-1], text=_marked(polished[-1].text, marks))
        if not text:
            continue
        previous = polished[-1].text if polished else before.text if before else ""
        gap = _gap(previous, text) if spaced else " " if _parted(previous, text) else ""
        if gap == "，":
            if polished:
                polished[-1] = replace(polished[-1], text=previous + gap)
        else:
            text = gap + text
        body = text.rstrip(_MARKS)
        polished.append(replace(piece, text=_marked(body, text[len(body) :])))
    return polished


def ended(pieces: Sequence[Piece], lang: str, cut: bool) -> list[Piece]:
    """Give a closed utterance's text its last mark.

    Chinese text that ended in a pause ends in a full stop unless it has its own; text cut off by
    its length ends in none.
    """
    if not pieces or not (is_han(pieces[-1].text.strip(_MARKS)[-1:]) or lang in ("zh", "yue")):
        return list(pieces)
    last = pieces[-1]
    body = last.text.rstrip(_MARKS)
    mark = last.text[len(body) :]
    if cut:
        mark = ""
    elif not mark or mark[-1] not in _STOPS:
        mark = "。"
    return [*pieces[:-1], replace(last, text=body + mark)]


def open_ended(pieces: Sequence[Piece]) -> list[Piece]:
    """Take the marks off the end of a text that goes on: a guess of the model, and it flickers."""
    if not pieces:
        return []
    last = pieces[-1]
    return [*pieces[:-1], replace(last, text=last.text.rstrip(_MARKS + ",.;:?!"))]


def text_of(pieces: Sequence[Piece]) -> str:
    """Return a hypothesis as it is shown."""
    return "".join(p.text for p in pieces).strip()


def words_of(pieces: Sequence[Piece]) -> tuple[Word, ...]:
    """Return pieces as the words of an utterance."""
    return tuple(Word(p.text.strip(), p.start, p.end) for p in pieces)


def _joined(pieces: Sequence[Piece], before: Piece | None) -> list[Piece]:
    """Make sure that words that go on from others are apart from them."""
    if not pieces or before is None or pieces[0].text[:1].isspace():
        return list(pieces)
    return [replace(pieces[0], text=" " + pieces[0].text), *pieces[1:]]


def _full_width(text: str) -> str:
    """Widen punctuation, but not inside of numbers and words ("3.5", "U.S.", "10:30")."""
    return "".join(
        c
        if i + 1 < len(text) and text[i + 1].isascii() and text[i + 1].isalnum()
        else c.translate(_FULL_WIDTH)
        for i, c in enumerate(text)
    )


def _marked(body: str, marks: str) -> str:
    """Put a mark after a text; of several the strongest, never two."""
    body, had = body.rstrip(_MARKS), body[len(body.rstrip(_MARKS)) :]
    marks = had + marks
    if not marks:
        return body
    stops = [m for m in marks if m in _STOPS]
    return body + (stops[0] if stops else marks[0])


def _is_latin_word(text: str) -> bool:
    text = text.strip().rstrip(_MARKS)
    return bool(text) and not any(stands_alone(c) for c in text)


def _gap(previous: str, text: str) -> str:
    """Return what stands where the model left a space."""
    if not previous:
        return ""
    if is_han(previous[-1]) and is_han(text[0]):
        return "，"
    latin = _is_latin_word(previous) and _is_latin_word(text)
    return " " if latin or _parted(previous, text) else ""


def _parted(previous: str, text: str) -> bool:
    """Whether Han and Latin meet here with a space: words have one, numbers and letters do not."""
    if (
        not previous
        or previous[-1] in _MARKS
        or stands_alone(previous[-1]) == stands_alone(text[0])
    ):
        return False
    latin = previous if stands_alone(text[0]) else text
    return sum(c.isalpha() for c in latin) > 1
