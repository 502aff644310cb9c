"""Segments to clauses: short ones are joined, long ones cut where the cut is least audible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from liusheng.tts.text.growing import Signal
from liusheng.tts.text.normalize import TextToken
from liusheng.tts.text.segments import TextSegment
from liusheng.tts.text.types import Clause, Syllable

LONGEST = 25
"""Syllables in a clause: the quality of the acoustic model falls with longer ones."""

FIRST = 12
"""Syllables in a text's first clause: playback waits for it."""

SHORTEST = 5
"""Syllables below which a segment joins a neighbour in its sentence, if the result fits."""

ENGLISH_LONGEST = 160
"""Characters in an English clause."""

ENGLISH_FIRST = 60
"""Characters in a text's first clause, if that is English."""

# Words that bind to what follows: a cut before them is good, one after them is bad.
_BINDING = frozenset(
    "在从对把被将为向给让使由按以于和与跟及或而但并是不很更最这那每各如若因且也都还就才又再要会能可到至比"
)


def assemble(segments: Iterable[TextSegment | Signal]) -> Iterator[Clause | None]:
    """Yield clauses of at most `LONGEST` syllables, the first of at most `FIRST` and as soon as it
    is long enough.

    None stands for `Signal.WAIT`; after `Signal.FLUSH` the next clause counts as a first one.
    """
    held: TextSegment | None = None
    first = True
    for segment in segments:
        if segment is Signal.WAIT:
            yield None
            continue
        if isinstance(segment, Signal):
            if held is not None:
                yield from _clauses(held, first)
            first, held = True, None
            continue
        joined = _join(held, segment, first) if held is not None else segment
        if joined is None and held is not None:
            yield from _clauses(held, first)
            first, joined = False, segment
        held = joined
        if held is not None and (held.mark == "sentence" or (first and _is_enough(held))):
            yield from _clauses(held, first)
            first, held = False, None
    if held is not None:
        yield from _clauses(held, first)


def _is_enough(segment: TextSegment) -> bool:
    """Whether it is long enough for a first clause, whatever follows."""
    if segment.lang == "en":
        return len(_english(segment.words)) >= ENGLISH_FIRST // 2
    return len(segment.syllables) >= SHORTEST


def _join(left: TextSegment, right: TextSegment, first: bool) -> TextSegment | None:
    """The two joined; None where they are to be two clauses."""
    if left.mark == "sentence" or left.lang != right.lang:
        return None
    if left.lang == "en":
        comma = "," if left.mark != "none" else ""
        last = replace(left.words[-1], text=left.words[-1].text + comma)
        words = (*left.words[:-1], last, *right.words)
        room = ENGLISH_FIRST if first else ENGLISH_LONGEST
        return replace(right, words=words) if len(_english(words)) <= room else None
    total = len(left.syllables) + len(right.syllables)
    short = min(len(left.syllables), len(right.syllables)) < SHORTEST
    if total > (FIRST if first else LONGEST) or not (short or left.mark == "weak"):
        return None
    pause = replace(left.syllables[-1], pause_after=left.mark != "none")
    return replace(right, syllables=(*left.syllables[:-1], pause, *right.syllables))


def _clauses(segment: TextSegment, first: bool) -> Iterator[Clause]:
    cut = _english_clauses if segment.lang == "en" else _mandarin_clauses
    *others, last = cut(segment, first)
    yield from others
    ends = segment.mark == "sentence"
    yield replace(last, ends_sentence=ends, pause=segment.pause, asks=segment.asks)


def _mandarin_clauses(segment: TextSegment, first: bool) -> Iterator[Clause]:
    rest = segment.syllables
    while rest:
        size = _best_cut(rest, FIRST if first else LONGEST)
        head, rest = rest[:size], rest[size:]
        first = False
        head = (*head[:-1], replace(head[-1], pause_after=False))
        reading = "".join(s.text + ("，" if s.pause_after else "") for s in head)
        yield Clause("zh", reading, head, (head[0].span[0], head[-1].span[1]), False, "none")


def _english_clauses(segment: TextSegment, first: bool) -> Iterator[Clause]:
    rest = segment.words
    while rest:
        room = ENGLISH_FIRST if first else ENGLISH_LONGEST
        size = 1
        while size < len(rest) and len(_english(rest[: size + 1])) <= room:
            size += 1
        head, rest = rest[:size], rest[size:]
        first = False
        span = (head[0].span[0], head[-1].span[1])
        yield Clause("en", _english(head), (), span, False, "none")


def _english(words: tuple[TextToken, ...]) -> str:
    spelt = (" ".join(word.text) if word.kind == "letters" else word.text for word in words)
    return " ".join(spelt)


def _best_cut(syllables: tuple[Syllable, ...], longest: int) -> int:
    """How many of `syllables` are the next clause: all, or up to the best cut near even parts."""
    count = len(syllables)
    if count <= longest:
        return count
    parts = max(2, -(-count // longest))
    target = min(longest, -(-count // parts))
    sizes = range(max(3, target // 2), min(longest, count - 3) + 1)
    # What is read as one (a number) is not parted, though a first clause may get longer by it.
    whole = [size for size in range(1, min(LONGEST, count) + 1) if _parts_nothing(syllables, size)]
    inside = [size for size in sizes if size in whole]
    if not inside and whole:
        return min(whole, key=lambda size: (size < 2, abs(size - target)))
    return min(inside or sizes, key=lambda size: 0.4 * abs(size - target) + _cost(syllables, size))


def _parts_nothing(syllables: tuple[Syllable, ...], size: int) -> bool:
    """Whether a cut after `size` syllables parts nothing that is read as one."""
    return size == len(syllables) or syllables[size - 1].span != syllables[size].span


def _cost(syllables: tuple[Syllable, ...], size: int) -> float:
    """How audible a cut after `size` syllables would be."""
    before, after = syllables[size - 1], syllables[size]
    cost = 0.0
    if before.span == after.span:
        cost += 12  # inside a number
    if not after.word_start:
        cost += 10
    elif before.pause_after:
        cost -= 6
    if after.text in _BINDING:
        cost -= 1.5
    if before.text in _BINDING and before.word_start:
        cost += 3
    if before.text == "的":
        cost += 1
    return cost
