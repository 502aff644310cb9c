"""The language of a recognition: "auto", or the code of a language that a model supports.

Clients send a locale as well: "zh-CN", "zh_cn", "en-us"; or a code of three letters: "cmn".
"""

from __future__ import annotations

from collections.abc import Collection

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.language_names import LANGUAGE_CODES
from liusheng.protocol.quoting import quoted

AUTO = "auto"

_LONG_CODES = {
    "zho": "zh", "chi": "zh", "eng": "en", "jpn": "ja", "kor": "ko", "deu": "de",
    "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "por": "pt", "ita": "it", "rus": "ru",
    "ara": "ar", "hin": "hi", "vie": "vi", "tha": "th", "ind": "id", "tur": "tr", "nld": "nl",
    "dut": "nl", "pol": "pl", "ukr": "uk",
}  # fmt: skip
"""ISO 639-2 and 639-3 codes of languages that have a code of two letters."""


def check_language(lang: str, languages: Collection[str], field: str = "lang") -> str:
    """Return the language for `lang`, the value of this field, if a model supports it.

    lang: a code, or a locale (see `from_locale`).
    languages: the supported codes besides "auto".

    Raises:
        ProtocolError: not_supported_by_model.
    """
    code = lang if lang in languages else from_locale(lang)
    if code != AUTO and code not in languages:
        raise ProtocolError(
            ErrorCode.NOT_SUPPORTED_BY_MODEL,
            f'No model of this server supports the language {quoted(lang)} ("{field}"); '
            f'use "{AUTO}" or one of {", ".join(sorted(languages))}.',
        )
    return code


def check_choice(languages: Collection[str], supported: Collection[str]) -> tuple[str, ...]:
    """Return the languages that "auto" is to choose from; each may be a locale.

    Raises:
        ProtocolError: not_supported_by_model.
    """
    found: dict[str, None] = {}
    for lang in languages:
        code = lang if lang in supported else from_locale(lang)
        if code not in supported:
            raise ProtocolError(
                ErrorCode.NOT_SUPPORTED_BY_MODEL,
                f'No model of this server supports the language {quoted(lang)} ("languages"); '
                f"use some of {', '.join(sorted(supported))}.",
            )
        found[code] = None
    return tuple(found)


def from_locale(lang: str) -> str:
    """Return the language code of a locale or of a language's name, as clients and browsers send
    them: "zh_cn", "en-US", "cmn", "Chinese".

    "zh_en", "mix" and "multi", other servers' names of bilingual models, become "auto".
    """
    name = lang.strip().lower()
    code = name.replace("-", "_")
    if code in ("", "zh_en", "mix", "multi"):
        return AUTO
    code = code.split("_")[0].strip()
    return LANGUAGE_CODES.get(name) or LANGUAGE_CODES.get(code) or _LONG_CODES.get(code, code)
