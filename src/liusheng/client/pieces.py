"""Text that comes bit by bit, as messages for a server: the first clause is said when it is there.

A server that takes texts in pieces (`more`) gets every bit at once and finds the clauses itself;
any other gets clause after clause, each a text of its own.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator

_CLOSERS = "”’」』》）)\\]\"'"
_CLAUSE_END = re.compile(
    rf"(?:[。！？；，：…\n]+|(?<!\bMrs)(?<!\b(?:Mr|Ms|Dr|St))[.,;:!?]+(?=[{_CLOSERS}]*\s))"
    rf"[{_CLOSERS}]*\s*"
)


async def paragraphs(bits: AsyncIterable[str]) -> AsyncIterator[tuple[str, bool]]:
    """Yield (text, more): bits as they come; a text ends where a line does.

    Lines without a letter or a digit (blank ones, rules, bullets) are left out: a server would
    answer them with an error.
    """
    held = ""  # the start of a line, as long as there is nothing to say in it
    open_text = False
    async for bit in bits:
        for part in bit.splitlines(keepends=True):
            ends = part.splitlines()[0] != part
            held += part
            if open_text or _sayable(held):
                yield held, not ends
                open_text = not ends
                held = ""
            elif ends:
                held = ""
    if open_text:
        yield "", False


async def clauses(bits: AsyncIterable[str]) -> AsyncIterator[tuple[str, bool]]:
    """Yield (text, False) for each clause when it is complete."""
    held = ""
    async for bit in bits:
        held += bit
        start = 0
        for end in _CLAUSE_END.finditer(held):
            clause = held[start : end.end()]
            if _sayable(clause):
                yield clause.strip(), False
                start = end.end()
        held = held[start:]
    if _sayable(held):
        yield held.strip(), False


def _sayable(text: str) -> bool:
    return any(character.isalnum() for character in text)
