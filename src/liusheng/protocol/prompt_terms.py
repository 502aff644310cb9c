"""The terms in a prompt of OpenAI's API, which may be a list of them or any other text."""

from __future__ import annotations

import re

from liusheng.han import is_han

_SEPARATORS = re.compile(r"[,，、;；\n|]")
_LABEL = re.compile(r"[^:：,，、;；\n|]{1,30}[:：]")
"""Before the list: "Glossary: ..."."""
_ITEM = re.compile(r"(?:[-*•]|\d{1,3}[.)])\s+")
"""What begins a line of a list."""
_SENTENCE = re.compile(r"[。！？!?…]|[.:]\s")
_QUOTES = "\"'“”‘’「」『』《》` "
_MAX_WORDS, _MAX_HAN, _MAX_CHARS = 4, 8, 50
_MAX_PROMPT_CHARS = 12_000
"""As many as 200 long terms have, more of which no recogniser takes."""


def terms(prompt: str) -> tuple[str, ...]:
    """Return the terms of a prompt that is a list of terms, each once; () if it is another text.

    A list has commas, semicolons or line breaks between its terms, or is a single one. A term has
    at most four words or eight Han characters, and no sentence ends in it.
    """
    if len(prompt) > _MAX_PROMPT_CHARS:
        return ()
    text = prompt.strip()
    if label := _LABEL.match(text):
        text = text[label.end() :]
    found = [_term(part) for part in _SEPARATORS.split(text) if part.strip()]
    return tuple(dict.fromkeys(found)) if all(map(_is_term, found)) else ()


def _term(part: str) -> str:
    term = _ITEM.sub("", part.strip(), count=1).strip(_QUOTES)
    return term[:-1] if term.endswith(".") and term.count(".") == 1 else term


def _is_term(text: str) -> bool:
    return (
        0 < len(text) <= _MAX_CHARS
        and len(text.split()) <= _MAX_WORDS
        and sum(map(is_han, text)) <= _MAX_HAN
        and not _SENTENCE.search(text)
    )
