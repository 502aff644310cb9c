"""How a hypothesis is written: punctuation and spaces between its pieces.

Pieces are processed from left to right. The form of a piece depends on the pieces before it and on
whether another follows, so what an earlier call has returned for a stable prefix does not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from liusheng.asr.text.pieces import Piece, stands_alone
from liusheng.asr.text.script import in_script
from liusheng.asr.types import Script, Word
from liusheng.han import is_han

_FULL_WIDTH = str.maketrans({",": "，", ".": "。", "?": "？", "!": "！", ";": "；", ":": "："})
_PAUSES = "，、；："
_STOPS = "。？！…"
_MARKS = _PAUSES + _STOPS
_LATIN_STOPS = ".?!…"
_LATIN_MARKS = ",.?!;:"
_ALL_MARKS = _MARKS + _LATIN_MARKS
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st jr sr vs etc no vol fig inc ltd co corp dept est approx ave blvd rd mt "
    "gen col capt lt sgt rev hon gov sen rep pres jan feb mar apr jun jul aug sept oct nov dec "
    "e.g i.e a.m p.m ph.d b.a m.a u.s u.k".split()
)
_UNITS = frozenset(
    "半年月日号时点分秒刻岁个多余几米里公厘毫斤克吨升度元块角毛万亿千百十倍成折%天周星小名位人次"
    "号楼层间条张只件本台辆架套把根座家种届第级章页版期场轮"
)
"""Characters that go on from a number. Whisper writes the 点 of a time as a full stop."""


def polish(
    pieces: Sequence[Piece], lang: str, script: Script, before: Piece | None = None
) -> list[Piece]:
    """Apply the conventions of written Chinese to a hypothesis.

    Text with Han characters gets full-width marks beside them, a comma where the model has a space
    between Han characters, no other spaces between them, and a space between Han characters and
    Latin words; Chinese text is converted to `script`. Other text, and the marks of abbreviations
    and between Latin words, stay as the model writes them.

    Args:
        before: the piece before these, if any; it is not changed.
    """
    if not _is_chinese(pieces if before is None else [before, *pieces], lang):
        return _joined(pieces, before)
    if lang in ("zh", "yue"):
        pieces = in_script(pieces, script)
    polished: list[Piece] = []
    for n, raw in enumerate(pieces):
        previous = polished[-1].text if polished else before.text if before else ""
        following = next((c for p in pieces[n + 1 :] for c in p.text if c.isalnum()), "")
        piece = replace(raw, text=_full_width(raw.text, previous, following, lang))
        spaced = piece.text[:1].isspace()
        marks = piece.text.strip()
        text = marks.lstrip(_MARKS)
        if not text.strip(_LATIN_MARKS):
            text = ""
        marks = marks[: len(marks) - len(text)]
        if marks and polished:
            # Marks belong to the piece before them; at the beginning they are dropped.
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
        if polished and not spaced:
            polished[-1] = replace(polished[-1], text=_in_number(polished[-1].text, text))
        body = text.rstrip(_ALL_MARKS)
        polished.append(replace(piece, text=_marked(body, text[len(body) :])))
    return polished


def ended(pieces: Sequence[Piece], lang: str, cut: bool) -> list[Piece]:
    """Set the last mark of a closed utterance.

    Chinese text, and what was said in English to somebody who listens in Chinese, gets a full stop
    unless it ends in one of its own; where the utterance was cut by its length (`cut`), the last
    mark is removed.
    """
    if not pieces or not (is_han(pieces[-1].text.strip(_MARKS)[-1:]) or lang in ("zh", "yue")):
        return list(pieces)
    last = pieces[-1]
    latin = not _is_chinese(pieces, lang)
    body = last.text.rstrip(_ALL_MARKS)
    mark = last.text[len(body) :]
    if not latin:
        mark = mark.translate(_FULL_WIDTH)
    if cut:
        mark = ""
    elif not mark or mark[-1] not in (_LATIN_STOPS if latin else _STOPS):
        mark = "." if latin else "。"
    return [*pieces[:-1], replace(last, text=body + mark)]


def open_ended(pieces: Sequence[Piece]) -> list[Piece]:
    """Remove the marks at the end of an open utterance, which differ from decode to decode."""
    if not pieces:
        return []
    last = pieces[-1]
    return [*pieces[:-1], replace(last, text=last.text.rstrip(_ALL_MARKS))]


def text_of(pieces: Sequence[Piece]) -> str:
    """Return the text of a hypothesis."""
    return "".join(p.text for p in pieces).strip()


def words_of(pieces: Sequence[Piece]) -> tuple[Word, ...]:
    """Return the words of an utterance."""
    return tuple(Word(p.text.strip(), p.start, p.end) for p in pieces)


def _joined(pieces: Sequence[Piece], before: Piece | None) -> list[Piece]:
    """Put a space between Latin words and those before them."""
    if not pieces or before is None or pieces[0].text[:1].isspace():
        return list(pieces)
    return [replace(pieces[0], text=" " + pieces[0].text), *pieces[1:]]


def _full_width(text: str, previous: str, following: str, lang: str) -> str:
    """Convert the marks of a piece to full width where they are those of Chinese.

    They are after a Han character, and in Chinese before one or at the end; not inside numbers and
    words ("3.5", "10:30") and not after abbreviations.

    Args:
        previous: the text before.
        following: the first letter of the text after, if any.
    """
    converted = ""
    for i, char in enumerate(text):
        after = text[i + 1 : i + 2]
        inside = after.isascii() and after.isalnum()
        if char in _LATIN_MARKS and not inside:
            word = (text[:i].strip() or previous.strip()).rstrip(_ALL_MARKS)
            later = next((c for c in text[i + 1 :] if c.isalnum()), following)
            chinese = lang in ("zh", "yue") and (not later or stands_alone(later))
            if not word or stands_alone(word[-1]):
                chinese = True
            elif char == "." and _is_abbreviation(text[:i].strip() or previous.strip(), previous):
                chinese = False
            if chinese:
                converted += char.translate(_FULL_WIDTH)
                continue
        converted += char
    return converted


def _is_abbreviation(word: str, previous: str) -> bool:
    """Whether a full stop belongs to a word: an abbreviation, or an initial among Latin words."""
    word = word.rstrip(_ALL_MARKS).lstrip("“‘\"'(（")
    if word.lower() in _ABBREVIATIONS or (word[-2:-1] == "." and word[-1:].isupper()):
        return True
    return len(word) == 1 and word.isupper() and word.isascii() and _is_latin_word(previous)


def _marked(body: str, marks: str) -> str:
    """Append a mark to a text: of several marks the first stop, or else the first."""
    body, had = body.rstrip(_ALL_MARKS), body[len(body.rstrip(_ALL_MARKS)) :]
    marks = had + marks
    if not marks:
        return body
    stops = [m for m in marks if m in _STOPS + _LATIN_STOPS]
    return body + (stops[0] if stops else marks[0])


def _is_chinese(pieces: Sequence[Piece], lang: str) -> bool:
    """Whether a text is written as Chinese: it has Han characters, or, in Chinese, no words."""
    text = "".join(piece.text for piece in pieces)
    if any(map(stands_alone, text)):
        return True
    return lang in ("zh", "yue") and not any(map(str.isalpha, text))


def _in_number(previous: str, text: str) -> str:
    """Return a piece without the full stop between a number and its unit.

    text: of the next piece, which follows without a space.
    """
    number = previous.removesuffix("。")
    if number == previous or not number[-1:].isdigit() or text[0] not in _UNITS:
        return previous
    return f"{number}点" if text[0] == "半" else number


def _is_latin_word(text: str) -> bool:
    text = text.strip().rstrip(_MARKS)
    return bool(text) and not any(stands_alone(c) for c in text)


def _gap(previous: str, text: str) -> str:
    """Return what replaces a space of the model."""
    if not previous or previous[-1] in _MARKS:
        return ""
    if is_han(previous[-1]) and is_han(text[0]):
        return "，"
    if previous[-1] in _LATIN_MARKS:
        return " "
    latin = _is_latin_word(previous) and _is_latin_word(text)
    return " " if latin or _parted(previous, text) else ""


def _parted(previous: str, text: str) -> bool:
    """Whether a space separates Han from Latin: for words, not for numbers and single letters."""
    if (
        not previous
        or previous[-1] in _MARKS
        or stands_alone(previous[-1]) == stands_alone(text[0])
    ):
        return False
    latin = previous if stands_alone(text[0]) else text
    return sum(c.isalpha() for c in latin) > 1
