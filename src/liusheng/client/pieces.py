"""Text that the caller provides in parts, as messages for a server.

A server that accepts texts in pieces (`more`) gets every part at once and finds the clauses itself;
an original server gets each clause, when it is complete, as a text of its own.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator

_CLOSERS = "”’」』》）)\\]\"'"
_CLAUSE_END = re.compile(
    rf"(?:[。！？；，：…\n]+|(?<!\bMrs)(?<!\b(?:Mr|Ms|Dr|St))[.,;:!?]+(?=[{_CLOSERS}]*\s))"
    rf"[{_CLOSERS}]*\s*"
)


async def paragraphs(parts: AsyncIterable[str]) -> AsyncIterator[tuple[str, bool]]:
    """Yield (text, more) for each part at once; a text ends with its line.

    Lines without a letter or a digit (blank ones, rules, bullets) are dropped: a server would
    answer them with an error.
    """
    held = ""  # the start of a line without a letter or digit
    open_text = False
    async for part in parts:
        for line in part.splitlines(keepends=True):
            ends = line.splitlines()[0] != line
            held += line
            if open_text or _pronounceable(held):
                yield held, not ends
                open_text = not ends
                held = ""
            elif ends:
                held = ""
    if open_text:
        yield "", False


async def clauses(parts: AsyncIterable[str]) -> AsyncIterator[tuple[str, bool]]:
    """Yield (text, False) for each clause when it is complete."""
    held = ""
    async for part in parts:
        held += part
        start = 0
        for end in _CLAUSE_END.finditer(held):
            clause = held[start : end.end()]
            if _pronounceable(clause):
                yield clause.strip(), False
                start = end.end()
        held = held[start:]
    if _pronounceable(held):
        yield held.strip(), False


def _pronounceable(text: str) -> bool:
    return any(character.isalnum() for character in text)
