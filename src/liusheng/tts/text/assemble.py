"""Clauses out of items: what is said in one breath, and where a breath that is too long is cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from liusheng.tts.text.normalize import Item
from liusheng.tts.text.pinyin import Reader
from liusheng.tts.text.types import Clause, Language, Pause, Span, Syllable

LONGEST = 25
"""Syllables in a clause: the acoustic model's quality falls above."""

FIRST = 12
"""Syllables in a text's first clause: it is the listener's wait."""

SHORTEST = 5
"""Syllables below which a clause joins a neighbour in its sentence, where there is room."""

ENGLISH_LONGEST = 160
"""Characters in an English clause."""

ENGLISH_FIRST = 60

Mark = Literal["none", "weak", "comma", "sentence"]
_MARKS = ("weak", "comma", "sentence")


@dataclass(frozen=True)
class Segment:
    """What stands between two marks in one language. mark: the one after it, "none" at a switch."""

    lang: Language
    text: str
    syllables: tuple[Syllable, ...]
    span: Span
    mark: Mark


def segments(items: Iterable[Item], reader: Reader) -> Iterator[Segment]:
    """Group items into segments; letters beside English words are English."""
    group: list[Item] = []
    for item in items:
        if item.kind in _MARKS:
            yield from _close(group, reader, item.kind)  # type: ignore[arg-type]
            group = []
        else:
            group.append(item)
    yield from _close(group, reader, "none")


def _close(group: list[Item], reader: Reader, mark: Mark) -> Iterator[Segment]:
    found = [
        segment
        for lang, items in _by_language(group)
        if (segment := _segment(lang, items, reader)) is not None
    ]
    for segment in found[:-1]:
        yield segment
    if found:
        yield replace(found[-1], mark=mark)
    elif mark == "sentence":
        yield Segment("zh", "", (), (0, 0), mark)


def _by_language(group: list[Item]) -> list[tuple[Language, list[Item]]]:
    spoken = [item for item in group if item.kind != "none"]
    english = {id(item) for item in spoken if item.kind == "english"}
    for order in (spoken, spoken[::-1]):
        for item, after in pairwise(order):
            if id(item) in english and after.kind == "letters":
                english.add(id(after))
    runs: list[tuple[Language, list[Item]]] = []
    for item in group:
        lang: Language = "en" if id(item) in english else "zh"
        if runs and (item.kind == "none" or runs[-1][0] == lang):
            runs[-1][1].append(item)
        else:
            runs.append((lang, [item]))
    return runs


def _segment(lang: Language, items: list[Item], reader: Reader) -> Segment | None:
    spoken = [item for item in items if item.kind != "none"]
    if not spoken:
        return None
    span = (spoken[0].span[0], spoken[-1].span[1])
    if lang == "en":
        words = (" ".join(item.text) if item.kind == "letters" else item.text for item in spoken)
        return Segment("en", " ".join(words), (), span, "none")
    syllables = tuple(reader.read(items))
    return (
        Segment("zh", "".join(i.text for i in spoken), syllables, span, "none")
        if syllables
        else None
    )


def assemble(parts: Iterable[Segment]) -> Iterator[Clause]:
    """Join short segments, cut long ones."""
    held: Segment | None = None
    first = True
    for part in parts:
        if held is not None:
            joined = _join(held, part, first)
            if joined is not None:
                held = joined
                continue
            for clause in _clauses(held, first):
                yield clause
                first = False
        held = part if part.text else None
        if held is not None and first and _ready(held):
            for clause in _clauses(held, first):
                yield clause
            first, held = False, None
    if held is not None:
        yield from _clauses(held, first)


def _ready(part: Segment) -> bool:
    """Long enough to be a first clause without looking at what follows."""
    long = (
        len(part.text) >= ENGLISH_FIRST // 2
        if part.lang == "en"
        else len(part.syllables) >= SHORTEST
    )
    return long or part.mark == "sentence"


def _join(a: Segment, b: Segment, first: bool) -> Segment | None:
    """`a` and `b` as one segment, or None where they are to be two clauses."""
    if a.mark == "sentence":
        return None
    if not b.text:
        return replace(a, mark=b.mark)
    if a.lang != b.lang:
        return None
    if a.lang == "en":
        room = ENGLISH_FIRST if first else ENGLISH_LONGEST
        if len(a.text) + len(b.text) > room:
            return None
        mark = {"comma": ",", "weak": ","}.get(a.mark, "")
        return Segment("en", f"{a.text}{mark} {b.text}", (), (a.span[0], b.span[1]), b.mark)
    total = len(a.syllables) + len(b.syllables)
    short = min(len(a.syllables), len(b.syllables)) < SHORTEST
    if total > (FIRST if first else LONGEST) or not (short or a.mark == "weak"):
        return None
    last = replace(a.syllables[-1], pause_after=a.mark != "none")
    mark = "、" if a.mark == "weak" else "，" if a.mark == "comma" else ""
    return Segment(
        "zh",
        a.text + mark + b.text,
        (*a.syllables[:-1], last, *b.syllables),
        (a.span[0], b.span[1]),
        b.mark,
    )


def _clauses(part: Segment, first: bool) -> Iterator[Clause]:
    if part.lang == "en":
        yield _clause(part, part.text, (), part.span, True)
        return
    rest = part.syllables
    while rest:
        size = _cut(rest, FIRST if first else LONGEST)
        head, rest = rest[:size], rest[size:]
        first = False
        text = _reading(head)
        yield _clause(part, text, head, (head[0].span[0], head[-1].span[1]), not rest)


def _reading(syllables: tuple[Syllable, ...]) -> str:
    return "".join(s.text + ("，" if s.pause_after else "") for s in syllables).rstrip("，")


def _cut(syllables: tuple[Syllable, ...], longest: int) -> int:
    """How many of `syllables` make the next clause."""
    count = len(syllables)
    if count <= longest:
        return count
    pieces = -(-count // longest) if longest == LONGEST else 2
    target = min(longest, -(-count // pieces))
    best, best_cost = target, float("inf")
    for size in range(max(3, target // 2), longest + 1):
        if 0 < count - size < 3:
            continue
        cost = abs(size - target) * 0.3
        before, after = syllables[size - 1], syllables[size]
        if before.pause_after:
            cost -= 6
        if not after.word_start:
            cost += 10
        if before.span == after.span:
            cost += 10
        if cost < best_cost:
            best, best_cost = size, cost
    return best


def _clause(
    part: Segment, text: str, syllables: tuple[Syllable, ...], span: Span, last: bool
) -> Clause:
    pause: Pause = "none"
    if last:
        pause = "comma" if part.mark == "weak" else part.mark
    if syllables:
        syllables = (*syllables[:-1], replace(syllables[-1], pause_after=False))
    return Clause(part.lang, text, syllables, span, last and part.mark == "sentence", pause)
