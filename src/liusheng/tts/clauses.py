"""What a request says, line by line: clauses with how they are said, and rests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from liusheng.tts.ssml import Break, parse
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.types import Clause, Span
from liusheng.tts.types import SpeechRequest
from liusheng.tts.voice import ClauseMaker


def _itself(span: Span) -> Span:
    return span


@dataclass(frozen=True)
class SpokenClause:
    """A clause, and how it is said.

    origin: from a span of the text that the clause was made of to one of the request's.
    """

    clause: Clause
    speed: float
    volume: float
    origin: Callable[[Span], Span] = _itself


def spoken_clauses(
    request: SpeechRequest, text: GrowingText, front_end: ClauseMaker
) -> Iterator[SpokenClause | Break | None]:
    """What is to be said; None where nothing more can be told before there is more text.

    Raises:
        SsmlError: the text is said to be SSML, and is not.
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
