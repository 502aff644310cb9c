"""One text of a synthesis session: complete, or received in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from liusheng.protocol import tts
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert
from liusheng.protocol.limits import text_too_long
from liusheng.protocol.quoting import quoted
from liusheng.protocol.synthesis_request import chosen_voice, decode_text, empty_text
from liusheng.protocol.tts_commands import StartText

_OF_THE_WHOLE = (
    "spk_id", "voice", "speed", "volume", "sample_rate", "format", "marks", "pace", "ssml",
    "markup",
)  # fmt: skip


class TextInTurn:
    """A text that is queued, is being synthesised, or was refused.

    number: of the text.
    plain: what was received of it, decoded.
    complete: whether its last piece was received.
    refused: the error to send instead of audio.
    errors: of single pieces, to send when its turn comes.
    """

    def __init__(self, number: int = 0, refused: ProtocolError | None = None) -> None:
        self.number = number
        self.plain = ""
        self.complete = True
        self.refused = refused
        self.errors: list[ProtocolError] = []
        self._first: tts.TextPart | None = None
        self._voice = ""

    def begin(self, message: Mapping[str, Any], voices: Mapping[int, str], max_chars: int) -> None:
        """Take the first piece, or the complete text.

        voices: the name of each voice by its number.

        Raises:
            ProtocolError: the text cannot be synthesised.
        """
        piece = convert(message, tts.TextPart)
        if piece.ssml and piece.more:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                'SSML cannot be sent in pieces: send the whole document without "more".',
            )
        self._voice = chosen_voice(piece, voices)
        plain = _decode(piece, "", max_chars)
        if not (piece.more or plain.strip()):
            raise empty_text()
        self._first = piece
        self.plain = plain

    def add(self, message: Mapping[str, Any], max_chars: int) -> str:
        """Take another piece; return its text.

        Raises:
            ProtocolError: a field differs from the first piece's, or the text becomes too long; the
                piece is not used.
        """
        piece = convert(message, tts.TextPart)
        for field in _OF_THE_WHOLE:
            now, before = getattr(piece, field), getattr(self._first, field)
            if field in message and now != before:
                raise ProtocolError(
                    ErrorCode.INVALID_FIELD,
                    f'The field "{field}" is {quoted(message[field])} in this piece and '
                    f"{_value(before)} in the first piece of the text; it cannot change within a "
                    "text. This piece was not used.",
                )
        more = _decode(piece, self.plain, max_chars)
        self.plain += more
        return more

    def start_command(self) -> StartText:
        """Return the command that starts the synthesis of what was received."""
        piece = self._first
        assert piece is not None
        return StartText(
            self.number,
            self.plain,
            self._voice,
            piece.speed,
            piece.volume,
            piece.sample_rate,
            piece.format,
            piece.marks,
            piece.pace if isinstance(piece.pace, float) else None,
            self.complete,
            piece.ssml,
            piece.more if piece.markup is UNSET else bool(piece.markup),
        )


def is_last(message: Mapping[str, Any]) -> bool:
    """Whether a text ends with this message, be the message valid or not."""
    return message.get("more") is not True


def _decode(piece: tts.TextPart, before: str, max_chars: int) -> str:
    plain = decode_text(piece.text, encoded=piece.encoding == "base64")
    if len(before) + len(plain) > max_chars:
        raise text_too_long(len(before) + len(plain), max_chars)
    return plain


def _value(value: object) -> str:
    return "not set" if value is UNSET else quoted(value)
