"""The text of utterances that have ended, one after another, with the protocol's promises: a text
with Han characters never starts with ， or 。, never doubles them, and ends in 。 if it has
punctuation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from liusheng.han import has_han

_PUNCTUATION = re.compile("[，。？！；：、,.?!;:…]")
_LEADING = re.compile("^[，。\\s]+")
_DOUBLED = re.compile("[，。](?:\\s*[，。])+")
_TRAILING = re.compile("[，。？！；：、,.?!;:…\\s]+$")


@dataclass(frozen=True)
class TextEnd:
    """What the next utterance needs to know of a text: its last character, and what it has."""

    last: str = ""
    has_han: bool = False
    has_marks: bool = False

    def follow(self, text: str) -> tuple[str, TextEnd]:
        """Return what the text of a further utterance adds ("" if nothing), and the new end."""
        text = tidy(text)
        if not text:
            return "", self
        has_han_now = self.has_han or has_han(text)
        has_marks_now = self.has_marks or _PUNCTUATION.search(text) is not None
        if has_han_now and has_marks_now:
            # The last mark may be rewritten: `stable` never covers a trailing mark.
            text = without_end_marks(text) + "。"
            if text == "。" and self.last in ("", "。"):
                return "", self
        added = join(self.last, text)[len(self.last) :]
        return added, TextEnd(added[-1], has_han_now, has_marks_now or text.endswith("。"))


class ClosedText:
    """The text of closed utterances. Adding one takes as long as that one, however much there is:
    a recognition that another server had comes with thousands at once."""

    def __init__(self) -> None:
        self.end = TextEnd()
        self._whole = ""
        self._added: list[str] = []  # to it, since it was asked for

    def __str__(self) -> str:
        self._whole = "".join((self._whole, *self._added))
        self._added.clear()
        return self._whole

    def add(self, text: str) -> str:
        """Add the text of an utterance; return what that adds: "" if nothing."""
        added, self.end = self.end.follow(text)
        self._added.append(added)
        return added


def join(left: str, right: str) -> str:
    """Join two texts: with a space, unless a Han character or wide punctuation is beside it."""
    if not left or not right:
        return left + right
    around = left[-1] + right[0]
    wide = has_han(around) or any(mark in around for mark in "，。？！；：、（）《》“”")
    return left + right if wide else f"{left} {right}"


def tidy(text: str) -> str:
    """Return `text` without surrounding spaces, leading ， or 。, and doubled ones."""
    return _LEADING.sub(
        "", _DOUBLED.sub(lambda run: "。" if "。" in run[0] else "，", text.strip())
    )


def without_end_marks(text: str) -> str:
    """Return `text` without punctuation and spaces at its end."""
    return _TRAILING.sub("", text)
