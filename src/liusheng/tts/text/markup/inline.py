"""Mark-up inside a line: emphasis, links, code, tags, entities, formulas, URLs."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from liusheng.han import HAN
from liusheng.tts.text.markup import latex
from liusheng.tts.text.types import Span

LONGEST = 300
"""Characters after which an opened construct is taken as it stands."""

LONGEST_URL = 40
"""Characters; of a longer URL only the host is read."""

PlainPiece = tuple[str, Span]
"""Plain text, and the characters of the original that it stands for; a piece of one character
stands for itself."""

_BLOCK_TAGS = frozenset(
    "p div br li ul ol tr table h1 h2 h3 h4 h5 h6 hr section article header footer blockquote pre "
    "details summary".split()
)
_INLINE_TAGS = frozenset(
    "a abbr b big cite code del dfn em font i img ins kbd label mark q s samp small span strike "
    "strong sub sup td th thead tbody tt u var think answer video audio source button center nav "
    "main figure figcaption html body head title meta link input form".split()
)
_TAG = "(?:" + "|".join(sorted(_BLOCK_TAGS | _INLINE_TAGS, key=len, reverse=True)) + ")"
_URL = rf"https?://[^\s<>\"'()（）\[\]【】「」『』，。；！？、|*`{HAN}]+"
_TARGET = r"\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"\n]*\")?\)"
# What a link has inside: an image, a pair of brackets.
_IN = r"(?:[^\[\]\n]|!?\[[^\[\]\n]*\](?:\([^()\n]*\))?)*"
# A formula has no words in it but commands; so "$5 and $6" is none.
_BODY = (
    r"(?:\\[A-Za-z]+(?:\{[^{}$\n]*\})?|\\[^A-Za-z\n]|(?<![A-Za-z])[A-Za-z]{1,2}(?![A-Za-z])"
    rf"|[^A-Za-z\\$\n{HAN}，。！？；])"
)


@dataclass(frozen=True)
class Line:
    """A stretch of the original in which constructs are looked for.

    text: the original. end: where what is known of the line ends. final: nothing more follows.
    mandarin: whether words that are put in before a place in the text are Mandarin or English.
    """

    text: str
    end: int
    final: bool
    mandarin: Callable[[int], bool]


def inline(line: Line, at: int) -> tuple[list[PlainPiece], int]:
    """The pieces of `line` from `at` on, and how far they go: not into a construct that is open."""
    pieces: list[PlainPiece] = []
    while at < line.end:
        special = _SPECIAL.search(line.text, at, line.end)
        plain_end = special.start() if special else line.end
        pieces += [(line.text[i], (i, i + 1)) for i in range(at, plain_end)]
        at = plain_end
        if special is None:
            break
        found = _construct(line, at)
        if found is None:
            break
        more, at = found
        pieces += more
    return pieces, at


def _construct(line: Line, at: int) -> tuple[list[PlainPiece], int] | None:
    """What stands at a special character; None where that is not certain yet."""
    # The same characters decide however much more is there.
    end = min(line.end, at + LONGEST)
    may_go_on = end == line.end and end - at < LONGEST and not line.final
    if may_go_on and any(pattern.match(line.text, at, end) for pattern in _MORE_FIRST):
        return None
    for pattern, read in _CONSTRUCTS:
        match = pattern.match(line.text, at, end)
        if match is None:
            continue
        if may_go_on and match.end() == end:
            return None
        pieces = read(line, match)
        if pieces is not None:
            return pieces, match.end()
    if may_go_on and any(pattern.match(line.text, at, end) for pattern in _PARTIAL):
        return None
    return [(line.text[at], (at, at + 1))], at + 1


def _inside(line: Line, match: re.Match[str], group: int | str = 1) -> list[PlainPiece]:
    """The pieces of what a construct has inside."""
    inner = Line(line.text, match.end(group), True, line.mandarin)
    return inline(inner, match.start(group))[0]


def _verbatim(_: Line, match: re.Match[str]) -> list[PlainPiece]:
    start, end = match.span("inside")
    return [(match.string[i], (i, i + 1)) for i in range(start, end)]


def _link(line: Line, match: re.Match[str]) -> list[PlainPiece]:
    if re.fullmatch(_URL, match[1]):
        return [(shown_url(match[1]), match.span())]
    return _inside(line, match)


def _image(line: Line, match: re.Match[str]) -> list[PlainPiece]:
    inside = _inside(line, match)
    if not inside:
        return []
    start, end = match.span()
    name = "图片，" if line.mandarin(end) else "image, "
    return [(name, (start, start + 2)), *inside, ("，", (end - 1, end))]


def _nothing(_line: Line, _match: re.Match[str]) -> list[PlainPiece]:
    return []


def _tag(_: Line, match: re.Match[str]) -> list[PlainPiece]:
    name = match["name"].lower()
    if name in _BLOCK_TAGS:
        return [("\n", match.span())]
    if name in ("td", "th") and match[0].startswith("</"):
        return [("，", match.span())]
    return []


def _entity(_: Line, match: re.Match[str]) -> list[PlainPiece] | None:
    char = html.unescape(match[0])
    return None if char == match[0] else [(char, match.span())]


def _formula(line: Line, match: re.Match[str]) -> list[PlainPiece]:
    read = latex.spoken(match["inside"], mandarin=line.mandarin(match.start()))
    return [(read, match.span())] if read else []


def _command(line: Line, match: re.Match[str]) -> list[PlainPiece] | None:
    if not latex.is_command(match["name"]):
        return None
    return [(latex.spoken(match[0], mandarin=line.mandarin(match.start())), match.span())]


def _escaped(_: Line, match: re.Match[str]) -> list[PlainPiece]:
    return [(match[0][1:], match.span())]


def _stars(line: Line, match: re.Match[str]) -> list[PlainPiece] | None:
    """Emphasis, unless it stands between two spaces or two figures or letters: 3 * 4, 3*4."""
    before = line.text[match.start() - 1] if match.start() else " "
    after = line.text[match.end()] if match.end() < line.end else " "
    beside = before + after
    if beside.isspace() or (beside.isascii() and beside.isalnum()):
        return [(char, (i, i + 1)) for i, char in enumerate(match[0], match.start())]
    return []


def _url(_: Line, match: re.Match[str]) -> list[PlainPiece]:
    url = match[0].rstrip(".,;:!?")
    pieces: list[PlainPiece] = []
    end = match.start() + len(url)
    if len(url) > LONGEST_URL:
        pieces.append((shown_url(url), (match.start(), end)))
    else:
        pieces += [(url[i], (match.start() + i, match.start() + i + 1)) for i in range(len(url))]
    return pieces + [(match.string[i], (i, i + 1)) for i in range(end, match.end())]


def shown_url(url: str) -> str:
    """What is read of a URL: the whole of a short one, the host of a long one."""
    if len(url) <= LONGEST_URL:
        return url
    return urlsplit(url).hostname or url


_SPECIAL = re.compile(r"[`!\[<&$\\*~【]|(?<![A-Za-z])h(?=t|$)")

_CONSTRUCTS: list[
    tuple[re.Pattern[str], Callable[[Line, re.Match[str]], list[PlainPiece] | None]]
] = [
    (re.compile(r"(?P<ticks>`+)(?!`)(?P<inside>[^\n]+?)(?<!`)(?P=ticks)(?!`)"), _verbatim),
    (re.compile(rf"!\[([^\[\]\n]*)\]{_TARGET}"), _image),
    (re.compile(rf"\[({_IN})\]{_TARGET}"), _link),
    (re.compile(r"\[\^[^\]\s]{1,40}\]:?"), _nothing),  # a footnote
    (re.compile(r"\[([^\[\]\n]+)\]\[[^\[\]\n]*\]"), _link),
    (re.compile(r"【\d+[†:][^】\n]*】"), _nothing),  # a citation
    (re.compile(rf"<({_URL})>"), _link),
    (re.compile(r"<!--[^\n]*?-->"), _nothing),
    (re.compile(rf"</?(?P<name>{_TAG})(?:\s[^<>\n]*)?/?>", re.IGNORECASE), _tag),
    (re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"), _entity),
    (re.compile(r"\$\$(?P<inside>[^$\n]+)\$\$"), _formula),
    (re.compile(rf"\$(?![\s$])(?P<inside>{_BODY}{{1,{LONGEST}}}?)(?<!\s)\$(?![\d$])"), _formula),
    (re.compile(r"\\\((?P<inside>[^\n]+?)\\\)"), _formula),
    (re.compile(r"\\\[(?P<inside>[^\n]+?)\\\]"), _formula),
    (re.compile(r"\\(?P<name>[A-Za-z]+)(?:\[[^\]\n]*\])?(?:\{[^{}\n]*\}){0,2}"), _command),
    (re.compile(r"\\[!-/:-@\[-`{-~]"), _escaped),
    (re.compile(r"\*+"), _stars),
    (re.compile(r"~~+"), _nothing),
    (re.compile(_URL), _url),
]

# What may yet become one of them, or a longer one, to the end of what is there.
_MORE_FIRST = [
    re.compile(r"\\[A-Za-z]+(?:\[[^\]\n]*\]?)?(?:\{[^{}\n]*\})?(?:\{[^{}\n]*)?$"),
    re.compile(r"\\\((?:(?!\\\))[^\n])*$|\\\[(?:(?!\\\])[^\n])*$"),
]
_PARTIAL = [
    re.compile(pattern)
    for pattern in (
        r"`[^\n]*$",
        rf"!$|!?\[{_IN}(?:!|!?\[[^\[\]\n]*(?:\](?:\([^()\n]*)?)?)?$",
        rf"!?\[{_IN}\](?:\((?:[^()\n]|\([^()\n]*\))*(?:\([^()\n]*)?)?$",
        rf"\[{_IN}\]\[[^\[\]\n]*$",
        r"【\d*$|【\d+[†:][^】\n]*$",
        rf"</?[A-Za-z0-9]{{0,10}}/?$|</?{_TAG}\s[^<>\n]*$|<!-?-?$|<!--[^\n]*$",
        rf"<https?:?/{{0,2}}$|<{_URL}$",
        r"&[#A-Za-z0-9]{0,32}$",
        rf"\$\$?$|\$\$[^$\n]*\$?$|\$(?![\s$]){_BODY}*(?:[A-Za-z]{{1,2}}|\\[A-Za-z]*(?:\{{[^{{}}$\n]*)?)?$",
        r"\\$",
        r"~$",
        r"h(?:t(?:t(?:p(?:s?(?::/?)?)?)?)?)?$|https?://$",
    )
]
