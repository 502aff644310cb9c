"""English words to phonemes by hibari-tts's front end, a port of misaki's; each accent is loaded
when it is first used, and once in a process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from liusheng.tts.text.types import Span

_MARKS = ';:,.!?—…"“”() '
"""What the notation has besides sounds."""

_UNKNOWN_WORD = "zhqx"


def front_end(*, british: bool = False) -> Any:
    """hibari-tts's `G2P`, with its network for words that no dictionary has: 23 MB."""
    return _loaded(british)


@cache
def _loaded(british: bool) -> Any:
    from liusheng.tts.misaki.packed_g2p import PackedG2P

    g2p = PackedG2P(british=british)
    g2p(_UNKNOWN_WORD)
    return g2p


def sentence(words: Sequence[str], mark: str, *, british: bool = False) -> tuple[str, list[Span]]:
    """The phonemes of words with `mark` after the last, and where those of each word stand in them.

    A word may be several for the front end ("five dollars"); its marks are not part of its place.
    """
    from hibari.g2p.normalize import normalize

    g2p = front_end(british=british)
    written = normalize(" ".join(words) + mark)
    owners = _owners(words, written.split())
    text = ""
    spans: list[Span] = [(0, 0)] * len(words)
    at = 0
    for token in g2p.phonemize_tokens(g2p.tokenize(written)):
        sounds = token.phonemes or ""
        heard = sounds.strip(_MARKS)
        if heard and at < len(owners):
            start = len(text) + sounds.index(heard)
            first, end = spans[owners[at]]
            spans[owners[at]] = (start if first == end else first, start + len(heard))
        text += sounds
        if token.whitespace:
            text += " "
            at += 1
    # The front end itself strips the whole.
    lead = len(text) - len(text.lstrip())
    text = text.strip()
    return text, [(max(0, start - lead), max(0, end - lead)) for start, end in spans]


def _owners(words: Sequence[str], written: Sequence[str]) -> list[int]:
    """For each part of the normalised text, the number of the word that it is of."""
    given = [(part, number) for number, word in enumerate(words) for part in word.split()]
    matcher = SequenceMatcher(None, [part for part, _ in given], written, autojunk=False)
    return list(_matched([number for _, number in given], matcher))


def _matched(owners: Sequence[int], matcher: SequenceMatcher[str]) -> Iterator[int]:
    for _, start, end, low, high in matcher.get_opcodes():
        for part in range(high - low):
            # What was rewritten is shared out evenly; what was added is of the word before it.
            place = start + part * (end - start) // (high - low) if end > start else start - 1
            yield owners[max(0, place)]
