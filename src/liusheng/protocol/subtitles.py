"""Subtitles: a timed text cut into cues, and the SubRip and WebVTT files of them.

The server's API, the client and the page (`web/page/subtitles.js`, a port of this module that a
test holds equal) cut the same text and times into the same cues. The limits are those of the
Netflix Timed Text Style Guides, a public specification: at most two lines; 42 letters a line and
20 letters a second for English, 16 characters a line and 9 a second for Chinese; five sixths of a
second to 7 seconds a cue; lines broken after punctuation.

A text is a row of units: a word, or a single character where a script writes no spaces, each with
the punctuation that belongs to it. Nothing is cut inside a unit. Where a pause is long, a cue ends.
Between two long pauses, dynamic programming finds the cues of the least total cost (as Knuth and
Plass 1981 break the lines of a paragraph):

- a cue costs more the longer it is;
- a cut costs less after a sentence, a clause or a pause;
- a cue that goes on over the end of a sentence, or over a pause, costs more;
- a cue of a single word, or one that the next would replace before MIN_MS, costs more than any of
  these.

Costs and times are integers (milliseconds), so that both implementations compare them exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

LINES = 2
"""Lines of a cue."""

LINE_COLUMNS, LINE_COLUMNS_CJK = 42, 32
"""Width of a line: a letter takes one column, a Chinese, Japanese or Korean character two.

The second is for texts that contain such characters."""

MIN_MS, MAX_MS = 833, 7_000
"""Shortest and longest time that a cue is displayed."""

LONG_PAUSE_MS = 1_000
"""No cue spans a pause of this length; longer than MIN_MS, which the cue before it may need."""

_COLUMNS_PER_SECOND, _COLUMNS_PER_SECOND_CJK = 20, 18

# How good a place for a cut is, 0 to 100: after a sentence, a clause, or so many milliseconds.
_SENTENCE, _CLAUSE = 100, 70
_MS_PER_STRENGTH = 10
_CUE_COST = 30
_LENGTH_COST = 40  # of a cue of two full lines; falls with the square of the length
_KEPT_INSIDE = 60  # a place better than this costs the difference where a cue goes on over it
_FAULT_COST = 10_000  # of a cue of one word, or one that is replaced too soon

_SPACE = " \\t\\n\\v\\f\\r\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_HANGUL = "\u1100-\u115f\ua960-\ua97f\uac00-\ud7a3"
_UNSPACED = (
    "\u2e80-\u303e\u3041-\u30ff\u3105-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60"
    "\uffe0-\uffe6\U0001f300-\U0001faff\U00020000-\U0003fffd"
)  # with Hangul, the wide characters of Unicode Standard Annex 11, without some rare symbols
_OPENING = "（《「『【〔〈〖“‘(\\[{"
_CLOSING = "，。！？；：、）》」』】〕〉〗”’…—·～),.!?;:\\]}"
_INSIDE = "’·().,!?;:\\[\\]{}"  # punctuation that may stand inside a word: 3.5, it’s, example.org
_SINGLE = f"(?:(?![{_OPENING}{_CLOSING}{_SPACE}])[{_UNSPACED}])"
_OTHER = f"[^{_SPACE}{_UNSPACED}{_OPENING}{_CLOSING}]"
_UNIT = re.compile(
    f"[{_OPENING}]*(?:{_SINGLE}|{_OTHER}(?:[{_INSIDE}]*{_OTHER})*)[{_CLOSING}]*"
    f"(?:[{_SPACE}]+[{_CLOSING}]+(?=[{_SPACE}]|$))*"
    f"|[{_OPENING}{_CLOSING}]+"
)
_HAS_SINGLE = re.compile(_SINGLE)
_WIDE = re.compile(f"[{_HANGUL}{_UNSPACED}]")
_SPACES = re.compile(f"[{_SPACE}]+")
_QUOTES = re.compile("[\"'”’）)」』》】\\]}]+$")
_SENTENCE_END = re.compile("[。？！?!.…]$")
_ABBREVIATION = re.compile("^[^A-Za-z]?(?:[A-Za-z]|Mr|Mrs|Ms|Dr|St)\\.$")
_CLAUSE_END = re.compile("[，、；：,;:—]$")


@dataclass(frozen=True)
class Cue:
    """A subtitle.

    start, end: when it is displayed, in seconds.
    text: one line, or two with a line break between them.
    """

    start: float
    end: float
    text: str


@dataclass
class _Unit:
    """start, end: milliseconds; joined: no space comes before it; strength: of a cut after it."""

    text: str
    start: int
    end: int
    width: int
    joined: bool
    half_words: int
    strength: int


def cues(text: str, tokens: Iterable[tuple[str, float, float]]) -> list[Cue]:
    """Cut a text into subtitles, in order and without overlap.

    tokens: each with its begin and end in seconds, as in `times` of a final reply: words, or
        characters of a text that has Han ones. Spaces and punctuation need no token.

    Raises:
        ValueError: the text has no times.
    """
    units = _units(text, tokens)
    cjk = _WIDE.search(text) is not None
    line = LINE_COLUMNS_CJK if cjk else LINE_COLUMNS
    speed = _COLUMNS_PER_SECOND_CJK if cjk else _COLUMNS_PER_SECOND
    groups = []
    first = 0
    for place in range(1, len(units) + 1):
        if place == len(units) or units[place].start - units[place - 1].end >= LONG_PAUSE_MS:
            groups += _cut(units[first:place], line)
            first = place
    return _displayed(groups, line, speed)


def srt(shown: Iterable[Cue]) -> str:
    """Return a SubRip file."""
    return "".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{cue.text}\n\n"
        for number, cue in enumerate(shown, 1)
    )


def vtt(shown: Iterable[Cue]) -> str:
    """Return a WebVTT file."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{_escaped(cue.text)}\n\n"
        for cue in shown
    )


def _units(text: str, tokens: Iterable[tuple[str, float, float]]) -> list[_Unit]:
    """Return the units of a text with their times, which never run backwards."""
    timed = _places(text, tokens)
    if not timed and _UNIT.search(text):
        message = "subtitles need the time of each word, and this text has none"
        raise ValueError(f"{message}: ask for word times when it is recognised")
    units: list[_Unit] = []
    clock = timed[0][1] if timed else 0
    at = 0
    for match in _UNIT.finditer(text):
        own = at
        end = clock
        while at < len(timed) and timed[at][0] < match.end():
            end = max(end, timed[at][2])
            at += 1
        start = max(clock, timed[own][1]) if own < at else clock
        clock = max(start, end)
        piece = _SPACES.sub(" ", match[0])
        joined = match.start() == 0 or not _SPACES.match(text[match.start() - 1])
        half_words = 1 if _HAS_SINGLE.search(piece) else 2
        units.append(
            _Unit(piece, start, clock, _width(piece), joined, half_words, _strength(piece))
        )
    for unit, following in pairwise(units):
        pause = (following.start - unit.end) // _MS_PER_STRENGTH
        unit.strength = max(unit.strength, min(_SENTENCE, pause))
    return units


def _places(text: str, tokens: Iterable[tuple[str, float, float]]) -> list[tuple[int, int, int]]:
    """Return where each token is in the text, and its begin and end in milliseconds."""
    found = []
    at = 0
    for token, start, end in tokens:
        place = text.find(token, at) if _SPACES.sub("", token) else -1
        if place >= 0:
            found.append((place, _milliseconds(start), _milliseconds(end)))
            at = place + len(token)
    return found


def _strength(piece: str) -> int:
    bare = _QUOTES.sub("", piece)
    if _SENTENCE_END.search(bare) and not _ABBREVIATION.search(bare):
        return _SENTENCE
    return _CLAUSE if _CLAUSE_END.search(bare) else 0


def _cut(units: Sequence[_Unit], line: int) -> list[Sequence[_Unit]]:
    """Cut what is spoken between two long pauses at the least cost."""
    count = len(units)
    widths, half_words, inside = [0], [0], [0]
    for unit in units:
        widths.append(widths[-1] + unit.width + (0 if unit.joined else 1))
        half_words.append(half_words[-1] + unit.half_words)
        inside.append(inside[-1] + max(0, unit.strength - _KEPT_INSIDE))

    def width(i: int, j: int) -> int:
        return widths[j] - widths[i] - (0 if units[i].joined else 1)

    least = [0]
    came_from = [0]
    for j in range(1, count + 1):
        best, best_from = -1, j - 1
        second_line = j  # the first unit from which all is on one line
        for i in range(j - 1, -1, -1):
            columns = width(i, j)
            if columns <= line:
                second_line = i
            elif i < j - 1 and (second_line == j or width(i, second_line) > line):
                break
            if i < j - 1 and units[j - 1].end - units[i].start > MAX_MS:
                break
            cost = least[i] + _CUE_COST + _LENGTH_COST * columns**2 // (LINES * line) ** 2
            cost += inside[j - 1] - inside[i]
            if j < count:
                cost += _SENTENCE - units[j - 1].strength
                if units[j].start - units[i].start < MIN_MS:
                    cost += _FAULT_COST
            if j - i < count and half_words[j] - half_words[i] <= 2:
                cost += _FAULT_COST
            if best < 0 or cost < best:
                best, best_from = cost, i
        least.append(best)
        came_from.append(best_from)
    ends = [count]
    while ends[-1] > 0:
        ends.append(came_from[ends[-1]])
    return [units[i:j] for i, j in pairwise(reversed(ends))]


def _displayed(groups: Sequence[Sequence[_Unit]], line: int, speed: int) -> list[Cue]:
    """Give each cue its lines, and as much time as reading takes where the next leaves it."""
    starts: list[int] = []
    for group in groups:
        # Where a recogniser put many words into one moment, cues wait for the one before them.
        starts.append(max([group[0].start, *(start + MIN_MS for start in starts[-1:])]))
    shown = []
    for place, (group, start) in enumerate(zip(groups, starts, strict=True)):
        reading = sum(unit.width for unit in group) * 1_000 // speed
        end = min(max(group[-1].end, start + MIN_MS, start + reading), start + MAX_MS)
        if place + 1 < len(starts):
            end = min(end, starts[place + 1])
        shown.append(Cue(start / 1_000, end / 1_000, _lines(group, line)))
    return shown


def _lines(group: Sequence[_Unit], line: int) -> str:
    """Break a cue that is too wide for one line: after punctuation, else near the middle."""
    whole = _joined(group)
    if _width(whole) <= line:
        return whole
    best, lines = -1, whole
    for place in range(1, len(group)):
        upper, lower = _joined(group[:place]), _joined(group[place:])
        if max(_width(upper), _width(lower)) > line:
            continue
        cost = _SENTENCE - group[place - 1].strength + 2 * abs(_width(upper) - _width(lower))
        if best < 0 or cost < best:
            best, lines = cost, f"{upper}\n{lower}"
    return lines


def _joined(group: Sequence[_Unit]) -> str:
    text = "".join(unit.text if unit.joined else f" {unit.text}" for unit in group)
    return text if group[0].joined else text[1:]


def _width(text: str) -> int:
    return len(text) + len(_WIDE.findall(text))


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1_000 + 0.5)


def _clock(seconds: float, point: str) -> str:
    hours, rest = divmod(_milliseconds(seconds), 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1_000:02}{point}{rest % 1_000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
