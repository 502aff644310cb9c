"""WeTextProcessing's grammars for Chinese numbers (wetext), applied to parts of a text."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

logger = logging.getLogger(__name__)


def to_figures(text: str) -> str:
    """Return a Chinese text as the grammar writes its numbers in figures."""
    return _rewrite(text, "itn")


def to_words(text: str) -> str:
    """Return a Chinese text as the grammar reads its figures."""
    return _rewrite(text, "tn")


def _rewrite(text: str, operator: str) -> str:
    body = text.strip()
    if not body:
        return text
    start = text.index(body)
    try:
        written: str = _grammar(operator).normalize(body)
    except Exception:
        # The grammar fails on a few texts, such as a sign alone; a recognition must not.
        logger.debug("wetext failed on %r", body, exc_info=True)
        return text
    return text[:start] + (written or body) + text[start + len(body) :]


@cache
def _grammar(operator: str) -> Any:
    from wetext import Normalizer

    return Normalizer(lang="zh", operator=operator)
