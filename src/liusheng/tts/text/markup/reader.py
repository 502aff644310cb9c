"""Mark-up of whole lines, and the text as it grows: headings, lists, tables, quotations, code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from liusheng.han import is_han
from liusheng.tts.text.markup import latex
from liusheng.tts.text.markup.inline import Line, PlainPiece, inline
from liusheng.tts.text.types import Language, Skipped, Span

_LONGEST_BLOCK = 2_000
"""Characters after which a formula of several lines that is still open is taken as it stands."""

_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^`\n]*")
_READ_PLAINLY = frozenset("text txt plain plaintext markdown md".split())
"""Languages of code blocks that are read like any text."""

_TABLE = re.compile(r"[ \t]*\|")
_TABLE_LINE = re.compile(
    r"[ \t]*\|(?:[ \t]*:?-+:?[ \t]*(?:\||$))+[ \t]*"
    r"|[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*"
)
_RULE = re.compile(r"[ \t]*(?:([-*_])(?:[ \t]*\1){2,}|=+)[ \t]*")
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}(?:[ \t]+|$)")
_QUOTE = re.compile(r"[ \t]{0,3}>[ \t]?")
_BULLET = re.compile(r"[ \t]*[-*+•][ \t]+(?:\[(?P<task>[ xX])\][ \t]+)?")
_NUMBER = re.compile(r"[ \t]*(\d{1,3})([.)])[ \t]+")
_DEFINITION = re.compile(r"[ \t]*\[[^\]\n]+\]:[ \t]+\S[^\n]*")
_MATH_BLOCK = re.compile(r"[ \t]*(\$\$|\\\[)")
_CLOSING = {"$$": "$$", "\\[": "\\]"}

# The beginning of a line that may yet become one of them.
_UNDECIDED = re.compile(
    r"(?:[ \t]{0,3}>[ \t]?)*(?:"
    # a heading, a bullet or a rule, a number, a fence, a formula
    r"[ \t]*(?:#{1,6}|[-*+•=_][ \t*_=-]*(?:\[[ xX]?\]?)?|\d{1,3}[.)]?|`{1,2}|~{1,2}|\\|\$)?[ \t]*"
    # a definition, a table; a fence or a heading to its end
    r"|[ \t]*\[[^\]\n]*(?:\](?::[^\n]*)?)?|[ \t]*[|:-][^\n]*|[ \t]{0,3}(?:`{3}|~{3})[^\n]*"
    r"|[ \t]{0,3}#{1,6}[ \t][^\n]*)"
)
_LATIN = re.compile("[A-Za-z]")
_LEFT_AT_FLUSH = re.compile(r"[!*~h&$]{1,3}")


@dataclass
class _Fence:
    """An open code block.

    closing: what ends it. start: where its content begins. is_read: as any text, not left out.
    """

    closing: str
    start: int
    is_read: bool


class MarkupReader:
    """Plain text of a marked-up one that may still grow.

    What comes out does not depend on how the text was cut into pieces, except where it was
    flushed.

    Args:
        language: of the words that are put in ("code block") until the text tells its own.

    Attributes:
        origins: for each character of the plain text, the characters it stands for.
        skipped: the content of code blocks, which is not read.
    """

    def __init__(self, language: Language = "zh") -> None:
        self.origins: list[Span] = []
        self.skipped: list[Skipped] = []
        self._source = ""
        self._at = 0
        self._line_begins = True
        self._plain: list[str] = []
        self._fence: _Fence | None = None
        self._language = language
        self._first_han: int | None = None
        self._searched = 0

    def feed(self, text: str, *, last: bool = False, flush: bool = False) -> str:
        """The plain text of what has become certain with `text`.

        last: no more comes. flush: what is held back only for a mark that might go on is let out.
        """
        self._source += text
        self._plain = []
        while self._at < len(self._source) and self._step(last):
            pass
        if flush and _LEFT_AT_FLUSH.fullmatch(self._source, self._at):
            self._inline(len(self._source), final=True)
        if last:
            self._close_fence(len(self._source))
        return "".join(self._plain)

    def origin(self, span: Span) -> Span:
        """What a span of the plain text is in the original."""
        return self.origins[span[0]][0], self.origins[span[1] - 1][1]

    def _step(self, last: bool) -> bool:
        """Read on to the end of a line, or as far as is certain; False where more must come."""
        newline = self._source.find("\n", self._at)
        final = newline >= 0 or last
        end = newline if newline >= 0 else len(self._source)
        if self._fence is not None and not self._fence.is_read:
            return self._code_line(end, final)
        if self._line_begins:
            if not final and _UNDECIDED.fullmatch(self._source, self._at, end):
                return False
            done = self._block(end, final, last)
            if done is not None:
                return done
            self._line_begins = False
        if not self._inline(end, final=final):
            return False
        if newline >= 0:
            self._end_line(newline)
        return newline >= 0

    def _inline(self, end: int, *, final: bool) -> bool:
        pieces, self._at = inline(Line(self._source, end, final, self._mandarin), self._at)
        self._emit(pieces)
        return self._at == end

    def _end_line(self, at: int) -> None:
        self._emit([("\n", (at, at + 1))])
        self._at = at + 1
        self._line_begins = True

    def _block(self, end: int, final: bool, last: bool) -> bool | None:
        """Read what a line begins with, or all of it; None where the rest of it is a paragraph."""
        while match := _QUOTE.match(self._source, self._at, end):
            self._at = match.end()
        at, source = self._at, self._source
        if self._fence is not None and self._closes(source[at:end]):
            self._close_fence(at)
            return self._drop_line(end)
        if self._fence is None and (match := _FENCE.fullmatch(source, at, end)):
            return self._open_fence(match, end)
        if _RULE.fullmatch(source, at, end) or _DEFINITION.fullmatch(source, at, end):
            return self._drop_line(end)
        if _TABLE.match(source, at, end) or "|" in source[at:end]:
            if _TABLE_LINE.fullmatch(source, at, end):
                return self._drop_line(end)
            if _TABLE.match(source, at, end):
                return self._row(end)
        if match := _MATH_BLOCK.match(source, at, end):
            return self._math(match, end, last)
        if match := _HEADING.match(source, at, end):
            title_end = at + len(source[at:end].rstrip().rstrip("#").rstrip())
            self._at = match.end()
            if title_end > self._at:
                self._inline(title_end, final=True)
            return self._finish_line(end)
        if match := _BULLET.match(source, at, end):
            if match["task"] in ("x", "X"):
                self._emit([("✓", match.span("task"))])
            self._at = match.end()
        elif match := _NUMBER.match(source, at, end):
            digits = [(source[i], (i, i + 1)) for i in range(*match.span(1))]
            self._emit([*digits, (".", match.span(2)), (" ", match.span(2))])
            self._at = match.end()
        return None

    def _finish_line(self, end: int) -> bool:
        self._at = end
        if end < len(self._source):
            self._end_line(end)
        return True

    def _drop_line(self, end: int) -> bool:
        self._at = min(end + 1, len(self._source))
        self._line_begins = True
        return True

    def _row(self, end: int) -> bool:
        """A table's row: its cells, with a short pause between two."""
        bars = [m.start() for m in re.finditer(r"(?<!\\)\|", self._source[self._at : end])]
        bounds = [self._at + bar for bar in bars]
        if bounds[-1] < end and self._source[bounds[-1] + 1 : end].strip():
            bounds.append(end)
        for left, right in pairwise(bounds):
            line = Line(self._source, right, True, self._mandarin)
            self._emit(inline(line, left + 1)[0])
            if right != bounds[-1]:
                self._emit([("，", (right, right + 1))])
        return self._finish_line(end)

    def _math(self, match: re.Match[str], end: int, last: bool) -> bool | None:
        """A formula on lines of its own; None for one that ends on its line."""
        closing = _CLOSING[match[1]]
        close = self._source.find(closing, match.end())
        if 0 <= close < end or len(self._source) - self._at > _LONGEST_BLOCK:
            return None
        if close < 0:
            return None if last else False
        read = latex.spoken(self._source[match.end() : close], mandarin=self._mandarin(self._at))
        self._at = close + len(closing)
        self._emit([(read, (match.start(), self._at))] if read else [])
        self._line_begins = False
        return True

    def _open_fence(self, match: re.Match[str], end: int) -> bool:
        language = match[2]
        after = min(end + 1, len(self._source))
        self._fence = _Fence(match[1], after, language.lower() in _READ_PLAINLY)
        if not self._fence.is_read:
            name = "代码块" if self._mandarin(match.end()) else " code block"
            self._emit([((language + name).strip() + "\n", match.span())])
        return self._drop_line(end)

    def _code_line(self, end: int, final: bool) -> bool:
        if not final:
            return False
        if self._closes(self._source[self._at : end]):
            self._close_fence(self._at)
        return self._drop_line(end)

    def _closes(self, line: str) -> bool:
        assert self._fence is not None
        closing = self._fence.closing
        return len(line.strip()) >= len(closing) and not line.strip().strip(closing[0])

    def _close_fence(self, end: int) -> None:
        if self._fence is not None and not self._fence.is_read:
            start = self._fence.start
            if (code := self._source[start:end]).strip():
                self.skipped.append(Skipped(code, (start, end), "code"))
        self._fence = None

    def _emit(self, pieces: list[PlainPiece]) -> None:
        for text, span in pieces:
            self._plain.append(text)
            self.origins += [span] * len(text)

    def _mandarin(self, at: int) -> bool:
        """Whether the text up to `at` is Mandarin: it has Han characters, or no letters and the
        language asked for is."""
        if self._first_han is None:
            found = (i for i in range(self._searched, len(self._source)) if is_han(self._source[i]))
            self._first_han = next(found, None)
            self._searched = len(self._source)
        if self._first_han is not None and self._first_han < at:
            return True
        return self._language == "zh" and _LATIN.search(self._source, 0, at) is None
