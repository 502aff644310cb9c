"""The clauses of a request with their speed and volume, and the breaks between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from liusheng.tts.ssml import Break, parse
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.types import Clause, Span
from liusheng.tts.types import SpeechRequest
from liusheng.tts.voice import TextFrontEnd


def _identity(span: Span) -> Span:
    return span


@dataclass(frozen=True)
class SpokenClause:
    """A clause with its prosody.

    speed, volume: as in `SpeechRequest`.
    origin: maps a span of the text that the clause was made of to one of the request's text.
    """

    clause: Clause
    speed: float
    volume: float
    origin: Callable[[Span], Span] = _identity


def spoken_clauses(
    request: SpeechRequest, text: GrowingText, front_end: TextFrontEnd
) -> Iterator[SpokenClause | Break | None]:
    """Yield the parts of a request in order; None where the next one needs more text first.

    Raises:
        SsmlError: the request is SSML, and its text is not valid.
    """
    if not request.ssml:
        for clause in front_end.follow(text):
            yield None if clause is None else SpokenClause(clause, request.speed, request.volume)
        return
    for part in parse(text.text):
        if isinstance(part, Break):
            yield part
            continue
        speed, volume = request.speed * part.rate, request.volume * part.volume
        for clause in front_end.follow(part.growing()):
            if clause is not None:
                yield SpokenClause(clause, speed, volume, part.origin)
