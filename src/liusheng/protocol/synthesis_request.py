"""Validation of a text for synthesis: the same rules on every path that takes one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from liusheng.han import has_han
from liusheng.protocol import tts
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, refuse_unsupported
from liusheng.protocol.limits import text_too_long
from liusheng.protocol.quoting import quoted

_MIN_BASE64 = 8


@dataclass(frozen=True)
class SynthesisRequest:
    """A validated request.

    text: decoded, not blank.
    voice: the name of a voice of this server.
    speed: 1.0 is the voice's own.
    markup: Markdown, HTML and LaTeX in it are read as a person would read them aloud.
    """

    text: str
    voice: str
    speed: float
    markup: bool = False


def checked_request(
    message: Mapping[str, Any],
    voices: Mapping[int, str],
    max_text_chars: int,
    unsupported: Mapping[str, tuple[Any, ...]],
) -> SynthesisRequest:
    """Return the request in a message with the fields of `tts.Text`.

    voices: the name of each voice by its number.
    unsupported: fields that this path does not serve (see `refuse_unsupported`).

    Raises:
        ProtocolError: missing_field, invalid_field, unsupported_field, empty_text, text_too_long or
            unknown_voice.
    """
    text = convert(message, tts.Text)
    refuse_unsupported(message, unsupported)
    plain = plain_text(
        decode_text(text.text, encoded=text.encoding == "base64"), "text", max_text_chars
    )
    return SynthesisRequest(plain, chosen_voice(text, voices), text.speed, text.markup is True)


def plain_text(text: str, field: str, max_text_chars: int) -> str:
    """Return `text`, the value of this field, if it can be synthesised.

    Raises:
        ProtocolError: empty_text or text_too_long.
    """
    if not text.strip():
        raise empty_text(field)
    if len(text) > max_text_chars:
        raise text_too_long(len(text), max_text_chars)
    return text


def empty_text(field: str = "text") -> ProtocolError:
    """A blank text."""
    return ProtocolError(
        ErrorCode.EMPTY_TEXT, f'The field "{field}" is empty; send a text with words.'
    )


def nothing_to_say(text: str) -> ProtocolError:
    """A text without anything that can be pronounced."""
    return ProtocolError(
        ErrorCode.NOTHING_TO_SAY,
        f"Nothing in {quoted(text)} can be pronounced; send letters, digits or Chinese characters.",
    )


def chosen_voice(text: tts.Text, voices: Mapping[int, str]) -> str:
    """Return the name of the requested voice.

    voices: the name of each voice by its number.

    Raises:
        ProtocolError: unknown_voice.
    """
    known = ", ".join(f"{number} ({name})" for number, name in sorted(voices.items()))
    if isinstance(text.voice, str):
        if text.voice not in voices.values():
            raise ProtocolError(
                ErrorCode.UNKNOWN_VOICE,
                f"There is no voice {quoted(text.voice)}; the voices are {known}.",
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

    encoded: the client declared it as base64. Without that, only a text of 8 or more characters
        that is valid base64 of UTF-8 with Han characters is decoded: "zoom" and "1688" are valid
        base64 too.

    Raises:
        ProtocolError: invalid_field: declared as base64 of UTF-8, and it is not.
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
            f'The field "text" is not base64 of UTF-8, but "encoding" is "base64": {quoted(text)}.',
        ) from None
    return plain if encoded or has_han(plain) else text
