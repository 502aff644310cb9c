"""An English piece as the words that an English voice is given.

The rules (`rules.english`) are looked for from left to right, as in `normalize`; what lies between
two of their matches is passed on word by word, as the voices read it themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from liusheng.tts.text.clean import Chars
from liusheng.tts.text.growing import Reading
from liusheng.tts.text.normalize import TextToken, mark_kind
from liusheng.tts.text.rules.english import RULES

_ENDING = " \n.,;:!?…—，。！？；：、"
_WORD = re.compile(r"[^\s_*#~|`]+")
_ATTACHED = re.compile(r"[.,;:!?)\]”’\"']+(?=\s|$)")


def english_items(
    chars: Chars, readings: Mapping[int, Reading] | None = None
) -> Iterator[TextToken]:
    """The words of an English piece, then its closing mark.

    readings: of single characters, by their position in the original text.
    """
    text = chars.text
    stop = len(text.rstrip(_ENDING))
    at = 0
    for start, end, read in [*_read(text, stop), (stop, stop, "")]:
        yield from _plain(chars, at, start, readings or {})
        if read:
            # A comma inside a quotation: the voice pauses there.
            marks = _ATTACHED.match(text, end, stop)
            at = marks.end() if marks else end
            span = (chars.spans[start][0], chars.spans[at - 1][1])
            yield TextToken("english", read + (marks[0] if marks else ""), (span,))
        else:
            at = end
    if stop < len(text):
        span = (chars.spans[stop][0], chars.spans[-1][1])
        yield TextToken(mark_kind(text[stop:]), text[stop:].strip(), (span,))


def _read(text: str, stop: int) -> Iterator[tuple[int, int, str]]:
    """What the rules read in `text[:stop]`: the earliest match, then the earliest rule."""
    at = 0
    ahead = [pattern.search(text, 0, stop) for pattern, _ in RULES]
    while any(ahead):
        found, first = min((m.start(), index) for index, m in enumerate(ahead) if m is not None)
        pattern, handler = RULES[first]
        match = ahead[first]
        assert match is not None
        read = handler(match) if found >= at else None
        if read is None:
            ahead[first] = pattern.search(text, found + 1, stop)
            continue
        yield found, match.end(), read
        at = match.end()
        for index, other in enumerate(ahead):
            if other is not None and other.start() < at:
                ahead[index] = RULES[index][0].search(text, at, stop)


def _plain(
    chars: Chars, start: int, end: int, readings: Mapping[int, Reading]
) -> Iterator[TextToken]:
    """The words between two matches; marks without a word are left to the next word's pause."""
    for match in _WORD.finditer(chars.text, start, end):
        given = [readings.get(chars.spans[at][0]) for at in range(*match.span())]
        read = "".join(
            each.english if each else char for each, char in zip(given, match[0], strict=True)
        )
        if any(char.isalnum() for char in read):
            span = (chars.spans[match.start()][0], chars.spans[match.end() - 1][1])
            yield TextToken("english", read, (span,))
