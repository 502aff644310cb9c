"""The first cut: a text into short pieces, at places that are safe before any analysis."""

from __future__ import annotations

import re

LONGEST_PIECE = 120
"""Characters; text without a safe place to cut is cut at about this length."""

LONGEST_WHOLE = 200
"""Characters; a URL or a number up to this length stays in one piece."""

_CLOSERS = "”’」』》〉】〕）)\\]\"'"
_ALNUM = "A-Za-z0-9０-９Ａ-Ｚａ-ｚ"
_STOP = (
    r"(?:[。！？?…\n｡，；,;､]|、(?!(?<=\d、)\d)|!(?!=)|[：:](?!\s?[0-9０-９])|—{2,}"
    rf"|\.(?=[\s{_CLOSERS}]|$))+[{_CLOSERS}]*"
)
# Abbreviations that may end a sentence, and words that then begin the next one.
_MAY_END = "St|Ave|Rd|Blvd|etc|U\\.S|U\\.K|a\\.m|p\\.m|A\\.M|P\\.M|Inc|Ltd|Co|Corp|Jr|Sr"
_STARTERS = (
    "He|She|It|The|I|We|They|You|A|An|This|That|These|Those|In|On|At|But|And|So|If|When|My|His|"
    "Her|Our|Their|There|What|Why|How|Then|No|Yes|For|After|Before"
)
_SCAN = re.compile(
    # Kept whole: what one rule reads as one. Each is bounded, so a scan is linear.
    r"(?P<whole>“[^”\n]{0,40}”|‘[^’\n]{0,40}’|「[^」\n]{0,40}」|『[^』\n]{0,40}』"
    r"|《[^》\n]{0,40}》|【[^】\n]{0,40}】|（[^）\n]{0,40}）|\([^)\n]{0,40}\)|\"[^\"\n]{0,40}\""
    rf"|(?:Mr|Mrs|Ms|Dr|Prof|No|vs|e\.g|i\.e|Gov|Sen|Gen|Capt|Lt|Sgt|Rev|Mt)\.(?=\s?\S)"
    rf"|(?:{_MAY_END})\.(?=\s?\S)(?!\s{{1,2}}(?:{_STARTERS})\s)"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|[Ff]igs?|Sec|[Vv]ol|[Cc]h|[Ee]xt|pp?|Eq|[Nn]os|no|Art|Rs|approx)\."
    r"(?=\s?\d)"
    rf"|[{_ALNUM}](?:[{_ALNUM}.,:：/@_%+\-~&=?#'’\u00b7•．]{{0,{LONGEST_WHOLE}}}[{_ALNUM}])?)"
    rf"|(?P<stop>{_STOP})"
)

_SPACE = re.compile(r"(?<!\d)\s|\s(?!\d)")

_HORIZON = LONGEST_PIECE + LONGEST_WHOLE + 64
"""Characters from the start of a piece that can affect where it ends."""

_QUOTES = {
    "“": "”",
    "‘": "’",
    "「": "」",
    "『": "』",
    "《": "》",
    "【": "】",
    "（": "）",
    "(": ")",
    '"': '"',
}
_QUOTED = 40
_RUN = re.compile(rf"[{_ALNUM}][{_ALNUM}.,:：/@_%+\-~&=?#'’\u00b7•．]*$")
_UNSURE_NEXT = re.compile(r"[—：:.\s]")
_CLOSED = re.compile(rf"(?<![0-9０-９])(?:{_STOP})\s*$|[0-9０-９](?:(?![.,:：、]$){_STOP})\s*$")


def piece_end(text: str, start: int, stop: int | None = None) -> int:
    """The end of the piece of `text[:stop]` that begins at `start`, which is before `stop`.

    A text is cut after its punctuation, never inside a number, a URL or a short quotation. A piece
    ends with its punctuation and has at most about `LONGEST_PIECE` characters (plus one expression
    that is kept whole). The cost is linear in the length of the piece.
    """
    stop = len(text) if stop is None else stop
    latest = start + LONGEST_PIECE
    at = start
    while True:
        found = _SCAN.search(text, at, min(stop, start + _HORIZON))
        if found is None or found.start() >= latest:
            return _forced(text, start, latest, stop)
        if found["stop"] is None and found.end() < latest:
            at = found.end()
        elif found["stop"] is None and found.start() > start and found.end() > latest:
            return found.start()
        else:
            return found.end()


def sure_end(text: str, start: int, stop: int) -> int | None:
    """The end of the piece that begins at `start`, whatever follows `text[:stop]`; None if it is
    not certain yet."""
    if stop >= start + _HORIZON:
        return piece_end(text, start, stop)
    at = start
    openers: list[int] = []
    for found in _SCAN.finditer(text, start, stop):
        openers += [i for i in range(at, found.start()) if text[i] in _QUOTES]
        at = found.end()
        if found["stop"] is not None or at >= start + LONGEST_PIECE:
            break
    else:
        return None
    # What follows could extend the mark, or be something that it may not precede.
    joined = at == stop or (_UNSURE_NEXT.match(text, at, stop) and at + 3 > stop)
    run = _RUN.search(text, max(start, stop - LONGEST_WHOLE - 2), stop)
    too_long = found["stop"] is None or found.start() >= start + LONGEST_PIECE
    if joined or too_long or (run and run.start() < at):
        return None
    return None if any(_may_close(text, i, stop) for i in openers) else at


def is_closed(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` ends with a mark that cannot be part of a number (`3.`)."""
    return _CLOSED.search(text, start, end) is not None


def _may_close(text: str, opener: int, stop: int) -> bool:
    """Whether an open quotation can still end soon enough to be kept whole."""
    rest = text[opener + 1 : stop]
    return len(rest) <= _QUOTED and "\n" not in rest and _QUOTES[text[opener]] not in rest


def _forced(text: str, start: int, latest: int, stop: int) -> int:
    """The end of a piece without punctuation: the last space in its second half, or `latest`."""
    if latest >= stop:
        return stop
    spaces = list(_SPACE.finditer(text, start + LONGEST_PIECE // 2, latest))
    return spaces[-1].end() if spaces else latest
