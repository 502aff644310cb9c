"""A text that is to be said, checked: the same rules on every path that takes one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from liusheng.han import has_han
from liusheng.protocol import tts
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, refuse_unsupported, shown

_MIN_BASE64 = 8


@dataclass(frozen=True)
class SynthesisRequest:
    """What is to be said, and how.

    text: plain, not blank.
    voice: the name of a voice that there is.
    speed: 1.0 is the voice's own.
    """

    text: str
    voice: str
    speed: float


def check_text(
    message: Mapping[str, Any],
    voices: Mapping[int, str],
    max_text_chars: int,
    not_built: Mapping[str, tuple[Any, ...]],
) -> SynthesisRequest:
    """Return what a message with the fields of `tts.Text` asks for.

    voices: the name of each voice by its number.
    not_built: fields that this path does not serve (see `refuse_unsupported`).

    Raises:
        ProtocolError: missing_field, invalid_field, unsupported_field, empty_text, text_too_long or
            unknown_voice.
    """
    text = convert(message, tts.Text)
    refuse_unsupported(message, not_built)
    plain = plain_text(
        decode_text(text.text, encoded=text.encoding == "base64"), "text", max_text_chars
    )
    return SynthesisRequest(plain, chosen_voice(text, voices), text.speed)


def plain_text(text: str, field: str, max_text_chars: int) -> str:
    """Return `text`, which came in this field, when it can be given to a voice.

    Raises:
        ProtocolError: empty_text or text_too_long.
    """
    if not text.strip():
        raise empty_text(field)
    if len(text) > max_text_chars:
        raise text_too_long(len(text), max_text_chars)
    return text


def empty_text(field: str = "text") -> ProtocolError:
    """What a client is told who asks for nothing to be said."""
    return ProtocolError(
        ErrorCode.EMPTY_TEXT, f'The field "{field}" is empty; send something to say.'
    )


def text_too_long(chars: int, max_text_chars: int) -> ProtocolError:
    """What a client is told whose text has too many characters."""
    return ProtocolError(
        ErrorCode.TEXT_TOO_LONG,
        f"A text of {chars:,} characters is over the limit of {max_text_chars:,}; "
        "send it as several texts, cut between sentences.",
    )


def nothing_to_say(text: str) -> ProtocolError:
    """What a client is told whose text turned out to have no sound."""
    return ProtocolError(
        ErrorCode.NOTHING_TO_SAY,
        f"There is nothing to say in {shown(text)}: send letters, digits or Chinese characters.",
    )


def chosen_voice(text: tts.Text, voices: Mapping[int, str]) -> str:
    """Return the name of the voice that is asked for.

    voices: the name of each voice by its number.

    Raises:
        ProtocolError: unknown_voice.
    """
    known = ", ".join(f"{number} ({name})" for number, name in sorted(voices.items()))
    if isinstance(text.voice, str):
        if text.voice not in voices.values():
            raise ProtocolError(
                ErrorCode.UNKNOWN_VOICE,
                f"There is no voice {shown(text.voice)}; the voices are {known}.",
            )
        return text.voice
    if text.spk_id not in voices:
        raise ProtocolError(
            ErrorCode.UNKNOWN_VOICE,
            f'There is no voice with "spk_id": {text.spk_id}; the voices are {known}.',
        )
    return voices[text.spk_id]


def decode_text(text: str, *, encoded: bool) -> str:
    """Return the plain text of a `text` field.

    encoded: the client says that it is base64. Without that, only text of 8 or more characters
        that is valid base64 of UTF-8 with Han characters is taken for base64: "zoom" and "1688"
        are valid base64 too.

    Raises:
        ProtocolError: invalid_field, when it was said to be base64 of UTF-8 and is not.
    """
    if not encoded and (len(text) < _MIN_BASE64 or not text.isascii()):
        return text
    try:
        plain = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        if not encoded:
            return text
        raise ProtocolError(
            ErrorCode.INVALID_FIELD,
            f'The field "text" is not base64 of UTF-8, though "encoding" says so: {shown(text)}.',
        ) from None
    return plain if encoded or has_han(plain) else text
