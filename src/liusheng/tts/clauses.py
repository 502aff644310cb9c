"""The clauses of a request with their speed and volume, and the breaks between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from liusheng.tts.ssml import Break, parse
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.markup import MarkupReader
from liusheng.tts.text.types import Clause, Language, Span
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


_Placed = tuple[Clause, Callable[[Span], Span]]
"""A clause, and what maps its spans to those of the request's text."""


def _plain(
    text: GrowingText, front_end: TextFrontEnd, language: Language, mixed: bool
) -> Iterator[_Placed | None]:
    for clause in front_end.follow(text, language, mixed=mixed):
        yield None if clause is None else (clause, _identity)


def _marked_up(
    text: GrowingText, front_end: TextFrontEnd, language: Language, mixed: bool
) -> Iterator[_Placed | None]:
    """The clauses of a text with mark-up in it."""
    reader = MarkupReader(language)
    plain = GrowingText()
    taken = listed = 0
    for clause in front_end.follow(plain, language, mixed=mixed):
        for each in plain.skipped[listed:]:
            text.skipped.append(replace(each, span=reader.origin(each.span)))
        listed = len(plain.skipped)
        if clause is not None:
            yield clause, reader.origin
            continue
        while not (text.flushes or text.last or taken < len(text.text)):
            yield None
        flush = bool(text.flushes)
        end = text.flushes.popleft() if flush else len(text.text)
        last = text.last and not flush
        plain.extend(reader.feed(text.text[taken:end], last=last, flush=flush), last=last)
        taken = end
        if flush:
            plain.flush(len(plain.text))
        text.skipped += reader.skipped
        reader.skipped.clear()


def spoken_clauses(
    request: SpeechRequest,
    text: GrowingText,
    front_end: TextFrontEnd,
    language: Language = "zh",
    *,
    mixed: bool = False,
) -> Iterator[SpokenClause | Break | None]:
    """Yield the parts of a request in order; None where the next one needs more text first.

    What is not read is appended to `text.skipped`, with spans in the request's text.

    Args:
        language: of what does not show its own.
        mixed: a clause may be in two languages.

    Raises:
        SsmlError: the request is SSML, and its text is not valid.
    """
    if not request.ssml:
        read = _marked_up if request.markup else _plain
        for found in read(text, front_end, language, mixed):
            if found is None:
                yield None
            else:
                yield SpokenClause(found[0], request.speed, request.volume, found[1])
        return
    for part in parse(text.text):
        if isinstance(part, Break):
            yield part
            continue
        speed, volume = request.speed * part.rate, request.volume * part.volume
        passage = part.growing()
        for clause in front_end.follow(passage, language, mixed=mixed):
            if clause is not None:
                yield SpokenClause(clause, speed, volume, part.origin)
        text.skipped += [replace(each, span=part.origin(each.span)) for each in passage.skipped]
