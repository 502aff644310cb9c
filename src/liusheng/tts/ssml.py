"""SSML, the common subset: `break`, `say-as`, `prosody`, `phoneme`, `p` and `s`.

W3C, Speech Synthesis Markup Language 1.1. Parsed with expat. A document type is refused, so there
are no entities except the five of XML, and none can expand without bound.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate
from xml.parsers import expat

from liusheng.tts.say_as import phoneme, say_as
from liusheng.tts.ssml_values import MAX_VOLUME, break_seconds, rate_factor, volume_factor
from liusheng.tts.text.growing import GrowingText, Reading
from liusheng.tts.text.types import Span

_MIN_RATE, _MAX_RATE = 0.3, 3.0
"""Of nested `prosody` elements together."""

_SENTENCE_BREAK = 0.42
_ATTRIBUTES: dict[str, set[str]] = {
    "speak": {"version"},
    "p": set(),
    "s": set(),
    "break": {"time", "strength"},
    "say-as": {"interpret-as", "format", "detail"},
    "prosody": {"rate", "volume"},
    "phoneme": {"alphabet", "ph"},
}
_WITH_READING = {"say-as", "phoneme"}
"""Elements whose content is replaced by a reading."""


class SsmlError(ValueError):
    """The document is not valid; the message says where (line, column) and why."""


@dataclass
class Passage:
    """Text with one prosody.

    rate, volume: factors.
    origins: for each character of the text, the span of the document that it stands for.
    readings: of characters that stand for a `say-as` or `phoneme`, by their position in the text.
    """

    rate: float
    volume: float
    text: str = ""
    origins: list[Span] = field(default_factory=list)
    readings: dict[int, Reading] = field(default_factory=dict)

    def growing(self) -> GrowingText:
        """The text as input of the front end."""
        return GrowingText(self.text, last=True, readings=self.readings)

    def origin(self, span: Span) -> Span:
        """The span of the document that a span of the text stands for."""
        return self.origins[span[0]][0], self.origins[span[1] - 1][1]


@dataclass(frozen=True)
class Break:
    """Silence between two passages, instead of the pause that would be there.

    seconds: its length.
    at_least: a longer pause that is there anyway stays.
    """

    seconds: float
    at_least: bool = False


def parse(document: str) -> list[Passage | Break]:
    """Parse a document into its passages and breaks, in order.

    Raises:
        SsmlError: it is not XML, or has an element, attribute or value that is not supported.
    """
    return _Parser(document).parts


class _Parser:
    def __init__(self, document: str) -> None:
        self.parts: list[Passage | Break] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self._prosody = [(1.0, 1.0)]  # rate and volume of the open elements
        self._content = ""  # of a say-as or phoneme, and where it starts in the document
        self._content_start = 0
        # Where each character starts, in bytes: expat counts those.
        self._byte_offsets = [
            0, *accumulate(len(char.encode("utf-8", "replace")) for char in document)
        ]  # fmt: skip
        self._expat = parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(document.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise SsmlError(
                f"line {error.lineno}, column {error.offset + 1}: this is not XML ({reason})"
            ) from None

    def _error(self, what: str) -> SsmlError:
        line, column = self._expat.CurrentLineNumber, self._expat.CurrentColumnNumber + 1
        return SsmlError(f"line {line}, column {column}: {what}")

    def _position(self) -> int:
        return bisect_left(self._byte_offsets, self._expat.CurrentByteIndex)

    def _doctype(self, *_: object) -> None:
        raise self._error("a document type is not supported; leave it out")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._check(name, attributes)
        self._open.append((name, attributes))
        try:
            if name == "break":
                seconds = break_seconds(attributes.get("time"), attributes.get("strength"))
                self.parts.append(Break(seconds))
            elif name == "prosody":
                rate, volume = self._prosody[-1]
                rate *= rate_factor(attributes.get("rate"))
                volume *= volume_factor(attributes.get("volume"))
                rate = min(max(rate, _MIN_RATE), _MAX_RATE)
                self._prosody.append((rate, min(volume, MAX_VOLUME)))
        except ValueError as error:
            raise self._error(str(error)) from None
        if name in _WITH_READING:
            self._content = ""
        elif name in {"p", "s"} and self.parts:
            self.parts.append(Break(_SENTENCE_BREAK, at_least=True))

    def _check(self, name: str, attributes: dict[str, str]) -> None:
        if name not in _ATTRIBUTES:
            known = ", ".join(_ATTRIBUTES)
            raise self._error(f"the element <{name}> is not supported; there are {known}")
        if (name == "speak") == bool(self._open):
            raise self._error(
                f"<{name}> {'inside another element' if self._open else 'outside <speak>'}"
            )
        if self._open and self._open[-1][0] in _WITH_READING | {"break"}:
            raise self._error(f"<{name}> inside <{self._open[-1][0]}>, which takes only text")
        for attribute in attributes:
            general = attribute.startswith("xml")
            if attribute not in _ATTRIBUTES[name] and not general:
                raise self._error(f'<{name}> does not support the attribute "{attribute}"')

    def _end(self, name: str) -> None:
        _, attributes = self._open.pop()
        if name == "prosody":
            self._prosody.pop()
        elif name in {"p", "s"}:
            self.parts.append(Break(_SENTENCE_BREAK, at_least=True))
        elif name in _WITH_READING and self._content.strip():
            self._add_reading(name, attributes)

    def _add_reading(self, name: str, attributes: dict[str, str]) -> None:
        content = self._content.strip()
        try:
            if name == "say-as":
                kind, form = attributes.get("interpret-as", ""), attributes.get("format", "")
                reading = say_as(content, kind, form)
            else:
                reading = phoneme(content, attributes.get("alphabet", ""), attributes.get("ph", ""))
        except ValueError as error:
            raise self._error(f"<{name}>: {error}") from None
        passage = self._passage()
        passage.readings[len(passage.text)] = reading
        # One character stands for the content, so that it is not cut and no other rule applies.
        passage.text += "0" if name == "say-as" else "字"
        passage.origins.append((self._content_start, self._position()))

    def _characters(self, text: str) -> None:
        name = self._open[-1][0]
        if name in _WITH_READING:
            if not self._content:
                self._content_start = self._position()
            self._content += text
            return
        if name == "break" and text.strip():
            raise self._error("<break> has text in it; it takes none")
        passage = self._passage()
        start = self._position()
        passage.text += text
        passage.origins += [(start + i, start + i + 1) for i in range(len(text))]

    def _passage(self) -> Passage:
        """The passage that the next text belongs to."""
        last = self.parts[-1] if self.parts else None
        if isinstance(last, Passage) and (last.rate, last.volume) == self._prosody[-1]:
            return last
        passage = Passage(*self._prosody[-1])
        self.parts.append(passage)
        return passage
