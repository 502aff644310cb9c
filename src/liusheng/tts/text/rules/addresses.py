"""URLs, e-mail addresses, file names: read in English, whole, in one voice."""

from __future__ import annotations

import re

from liusheng.tts.text.rules.patterns import Match, Rule
from liusheng.tts.text.rules.words import SpokenWord

_SPOKEN = {
    ".": "dot", "@": "at", "/": "slash", ":": "colon", "-": "dash", "_": "underscore",
    "?": "question mark", "=": "equals", "&": "and", "#": "hash", "%": "percent", "+": "plus",
    "~": "tilde",
}  # fmt: skip
_SPELT = frozenset(
    "www cn qq io ai html htm php edu gov uk jp md py js ts txt pdf csv xml css png jpg jpeg "
    "gif mp3 "
    "mp4 exe apk doc docx xls xlsx ppt pptx sql yml cc tv wx jd".split()
)
_DOMAIN = "com|cn|net|org|io|ai|gov|edu|me|dev|app|info|top|xyz|tv|co|cc|uk|jp|de|fm|so|vip|site"
_FILE = (
    "md|txt|pdf|docx?|xlsx?|pptx?|csv|py|js|ts|json|ya?ml|toml|html?|css|php|xml|sql|zip|rar|exe"
    "|apk|png|jpe?g|gif|mp[34]|wav|flac"
)
_TAIL = r"(?::\d+)?(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+;=%-]*[A-Za-z0-9/=_-]|/)?"

ADDRESSES = (
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,8}"),
    re.compile(rf"(?:(?:https?|ftp)://|www\.)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*{_TAIL}"),
    re.compile(
        rf"(?<![A-Za-z0-9.])(?:[A-Za-z0-9-]{{1,63}}\.){{1,4}}(?:{_DOMAIN})(?![A-Za-z0-9-]|\.\w){_TAIL}"
    ),
    re.compile(rf"(?<![A-Za-z0-9.])[A-Za-z0-9_-]{{1,63}}\.(?:{_FILE})(?![A-Za-z0-9]|\.\w)"),
)


def spoken_address(address: str) -> str:
    """ "foo@qq.com" → "foo at Q Q dot com"; the scheme is left out."""
    address = re.sub(r"^(?:https?|ftp)://", "", address).rstrip("/")
    words: list[str] = []
    for part in re.findall(r"[A-Za-z]+|\d+|.", address):
        if part.isdecimal():
            words.extend(part)
        elif part.lower() in _SPELT:
            words.append(" ".join(part.upper()))
        elif part[0].isalpha():
            words.append(part)
        elif part in _SPOKEN:
            words.append(_SPOKEN[part])
    return " ".join(words)


def _address(match: Match) -> list[SpokenWord]:
    return [SpokenWord(spoken_address(match[0]), "english")]


RULES: list[Rule] = [(pattern, _address) for pattern in ADDRESSES]
