"""The language of a recognition: "auto", or a code that some model here knows."""

from __future__ import annotations

from collections.abc import Collection

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import shown

AUTO = "auto"


def check_language(lang: str, languages: Collection[str], field: str = "lang") -> str:
    """Return `lang`, which came in this field, when a recognition can begin with it.

    languages: what it may be besides "auto".

    Raises:
        ProtocolError: not_supported_by_model.
    """
    if lang != AUTO and lang not in languages:
        raise ProtocolError(
            ErrorCode.NOT_SUPPORTED_BY_MODEL,
            f'No model here knows the language {shown(lang)} ("{field}"); '
            f'use "{AUTO}" or one of {", ".join(sorted(languages))}.',
        )
    return lang


def from_locale(lang: str) -> str:
    """Return the code for a language as original clients and browsers name it: "zh_cn", "en-US".

    "zh_en", the original's name for its bilingual models, leaves it to the model.
    """
    code = lang.strip().lower().replace("-", "_")
    return AUTO if code in ("", "zh_en", "mix") else code.split("_")[0]
