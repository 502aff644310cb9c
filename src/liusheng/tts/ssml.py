"""SSML, the small common subset: `break`, `say-as`, `prosody`, `phoneme`, `p` and `s`.

Read with expat. A document type is refused, so there are no entities but XML's own five.
W3C, Speech Synthesis Markup Language 1.1.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from xml.parsers import expat

from liusheng.tts.say_as import ReadingError, phoneme, say_as
from liusheng.tts.text.growing import GrowingText, Reading
from liusheng.tts.text.types import Span

_LONGEST_BREAK = 10.0
_SENTENCE = 0.42
_STRENGTHS = {
    "none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.0
}  # fmt: skip
_RATES = {
    "x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.75
}  # fmt: skip
_VOLUMES = {
    "silent": 0.0, "x-soft": 0.25, "soft": 0.5, "medium": 1.0, "default": 1.0, "loud": 1.6,
    "x-loud": 2.4,
}  # fmt: skip
_ATTRIBUTES: dict[str, set[str]] = {
    "speak": {"version"},
    "p": set(),
    "s": set(),
    "break": {"time", "strength"},
    "say-as": {"interpret-as", "format", "detail"},
    "prosody": {"rate", "volume"},
    "phoneme": {"alphabet", "ph"},
}
_READ_OTHERWISE = {"say-as", "phoneme"}


class SsmlError(ValueError):
    """A document that cannot be said; the message names the line, the column and what is wrong."""


@dataclass
class Passage:
    """Text between two changes of how it is said.

    rate, volume: factors.
    origins: for each character of the text, the characters of the document that it stands for.
    """

    rate: float
    volume: float
    text: str = ""
    origins: list[Span] = field(default_factory=list)
    readings: dict[int, Reading] = field(default_factory=dict)

    def growing(self) -> GrowingText:
        """The text as the front end takes it."""
        return GrowingText(self.text, last=True, readings=self.readings)

    def origin(self, span: Span) -> Span:
        """What a span of the text is in the document."""
        return self.origins[span[0]][0], self.origins[span[1] - 1][1]


@dataclass(frozen=True)
class Break:
    """Silence. at_least: a longer pause that is there anyway is enough."""

    seconds: float
    at_least: bool = False


def parse(document: str) -> list[Passage | Break]:
    """What a document asks for, in order.

    Raises:
        SsmlError: it is no XML, or has something in it that is not known here.
    """
    return _Reader(document).parts


class _Reader:
    def __init__(self, document: str) -> None:
        self.parts: list[Passage | Break] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self._factors = [(1.0, 1.0)]
        self._content = ""  # of a say-as or phoneme
        self._began = 0
        # Where each character begins, in bytes: expat counts those.
        lengths = [len(char.encode("utf-8", "replace")) for char in document]
        self._bytes = [0, *_sums(lengths)]
        self._parser = parser = expat.ParserCreate("utf-8")
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

    def _wrong(self, what: str) -> SsmlError:
        line, column = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1
        return SsmlError(f"line {line}, column {column}: {what}")

    def _at(self) -> int:
        return bisect_left(self._bytes, self._parser.CurrentByteIndex)

    def _doctype(self, *_: object) -> None:
        raise self._wrong("a document type is not taken; leave it out")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name not in _ATTRIBUTES:
            known = ", ".join(_ATTRIBUTES)
            raise self._wrong(f"the element <{name}> is not known; there are {known}")
        if (name == "speak") == bool(self._open):
            raise self._wrong(
                f"<{name}> {'inside another element' if self._open else 'outside <speak>'}"
            )
        if self._open and self._open[-1][0] in _READ_OTHERWISE | {"break"}:
            raise self._wrong(f"<{name}> inside <{self._open[-1][0]}>, which takes only text")
        for attribute in attributes:
            general = attribute.startswith("xml")
            if attribute not in _ATTRIBUTES[name] and not general:
                raise self._wrong(f'<{name}> has no attribute "{attribute}" here')
        self._open.append((name, attributes))
        if name == "break":
            self.parts.append(Break(self._break(attributes)))
        elif name == "prosody":
            rate, volume = self._factors[-1]
            self._factors.append(
                (
                    min(max(rate * self._rate(attributes), 0.3), 3.0),
                    min(volume * self._volume(attributes), 3.0),
                )
            )
        elif name in _READ_OTHERWISE:
            self._content = ""
        elif name in {"p", "s"} and self.parts:
            self.parts.append(Break(_SENTENCE, at_least=True))

    def _end(self, name: str) -> None:
        _, attributes = self._open.pop()
        if name == "prosody":
            self._factors.pop()
        elif name in {"p", "s"}:
            self.parts.append(Break(_SENTENCE, at_least=True))
        elif name in _READ_OTHERWISE and self._content.strip():
            content = self._content.strip()
            try:
                if name == "say-as":
                    reading = say_as(
                        content, attributes.get("interpret-as", ""), attributes.get("format", "")
                    )
                else:
                    reading = phoneme(
                        content, attributes.get("alphabet", ""), attributes.get("ph", "")
                    )
            except ReadingError as error:
                raise self._wrong(f"<{name}>: {error}") from None
            passage = self._passage()
            passage.readings[len(passage.text)] = reading
            # One character stands for it: nothing is cut in two, no rule reads it otherwise.
            passage.text += "0" if name == "say-as" else "字"
            passage.origins.append((self._began, self._at()))

    def _characters(self, text: str) -> None:
        name = self._open[-1][0]
        if name in _READ_OTHERWISE:
            if not self._content:
                self._began = self._at()
            self._content += text
            return
        if name == "break" and text.strip():
            raise self._wrong("<break> has text in it")
        passage = self._passage()
        at = self._at()
        passage.text += text
        passage.origins += [(at + i, at + i + 1) for i in range(len(text))]

    def _passage(self) -> Passage:
        last = self.parts[-1] if self.parts else None
        if isinstance(last, Passage) and (last.rate, last.volume) == self._factors[-1]:
            return last
        passage = Passage(*self._factors[-1])
        self.parts.append(passage)
        return passage

    def _break(self, attributes: dict[str, str]) -> float:
        strength = attributes.get("strength", "medium")
        if strength not in _STRENGTHS:
            raise self._wrong(f'strength="{strength}" is none of {", ".join(_STRENGTHS)}')
        if "time" not in attributes:
            return _STRENGTHS[strength]
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", attributes["time"].strip())
        seconds = float(match[1]) / (1_000 if match[2] == "ms" else 1) if match else -1.0
        if not 0 <= seconds <= _LONGEST_BREAK:
            raise self._wrong(
                f'time="{attributes["time"]}" is no time up to {_LONGEST_BREAK:g} s, such as '
                "500ms or 1.5s"
            )
        return seconds

    def _rate(self, attributes: dict[str, str]) -> float:
        said = attributes.get("rate", "default").strip()
        if said in _RATES:
            return _RATES[said]
        match = re.fullmatch(r"([+-])?(\d+(?:\.\d+)?)(%)?", said)
        rate = 0.0
        if match and not (match[1] and not match[3]):
            rate = float(match[2]) / (100 if match[3] else 1)
            rate = 1 + rate if match[1] == "+" else 1 - rate if match[1] else rate
        if not 0.5 <= rate <= 2:
            raise self._wrong(f'rate="{said}" is neither {", ".join(_RATES)} nor from 50% to 200%')
        return rate

    def _volume(self, attributes: dict[str, str]) -> float:
        said = attributes.get("volume", "default").strip()
        if said in _VOLUMES:
            return _VOLUMES[said]
        if match := re.fullmatch(r"([+-]\d+(?:\.\d+)?)dB", said):
            return min(float(10 ** (float(match[1]) / 20)), 3.0)
        if (match := re.fullmatch(r"(\d+(?:\.\d+)?)%?", said)) and float(match[1]) <= 100:
            return float(match[1]) / 100
        raise self._wrong(
            f'volume="{said}" is neither {", ".join(_VOLUMES)}, nor from 0 to 100, nor in decibels '
            "such as +6dB"
        )


def _sums(lengths: list[int]) -> list[int]:
    total, sums = 0, []
    for length in lengths:
        total += length
        sums.append(total)
    return sums
