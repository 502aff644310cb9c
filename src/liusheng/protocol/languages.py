"""The language of a recognition: "auto", or the code of a language that a model supports."""

from __future__ import annotations

from collections.abc import Collection

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.language_names import LANGUAGE_CODES
from liusheng.protocol.quoting import quoted

AUTO = "auto"


def check_language(lang: str, languages: Collection[str], field: str = "lang") -> str:
    """Return `lang`, the value of this field, if a model supports it.

    languages: the supported codes besides "auto".

    Raises:
        ProtocolError: not_supported_by_model.
    """
    if lang != AUTO and lang not in languages:
        raise ProtocolError(
            ErrorCode.NOT_SUPPORTED_BY_MODEL,
            f'No model of this server supports the language {quoted(lang)} ("{field}"); '
            f'use "{AUTO}" or one of {", ".join(sorted(languages))}.',
        )
    return lang


def check_choice(languages: Collection[str], supported: Collection[str]) -> None:
    """Check the languages that "auto" is to choose from.

    Raises:
        ProtocolError: not_supported_by_model.
    """
    for lang in languages:
        if lang not in supported:
            raise ProtocolError(
                ErrorCode.NOT_SUPPORTED_BY_MODEL,
                f'No model of this server supports the language {quoted(lang)} ("languages"); '
                f"use some of {', '.join(sorted(supported))}.",
            )


def from_locale(lang: str) -> str:
    """Return the language code of a locale or of a language's name, as clients and browsers send
    them: "zh_cn", "en-US", "Chinese".

    "zh_en" and "mix", the original server's names of its bilingual models, become "auto".
    """
    name = lang.strip().lower()
    code = name.replace("-", "_")
    if code in ("", "zh_en", "mix"):
        return AUTO
    code = code.split("_")[0].strip()
    return LANGUAGE_CODES.get(name) or LANGUAGE_CODES.get(code, code)
