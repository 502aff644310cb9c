"""One text of a synthesis session: whole, or as it comes in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import UNSET

from liusheng.protocol import tts
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, shown
from liusheng.protocol.synthesis_request import chosen_voice, decode_text, empty_text, text_too_long

_OF_THE_WHOLE = (
    "spk_id", "voice", "speed", "volume", "sample_rate", "format", "marks", "pace", "ssml"
)  # fmt: skip


@dataclass(frozen=True)
class Speak:
    """Say a text; answer with `audio`, then `spoken` or `failed`.

    number: of the text in this connection; the answers carry it, so that what was cancelled
        meanwhile is known.
    pace: seconds ahead of real time at most; None: any.
    last: the text is whole; otherwise `Extend` follows.
    """

    number: int
    text: str
    voice: str
    speed: float = 1.0
    volume: float = 1.0
    sample_rate: int = tts.SAMPLE_RATE
    format: Literal["pcm_s16le", "wav", "mp3", "ogg_opus"] = "pcm_s16le"
    marks: bool = False
    pace: float | None = None
    last: bool = True
    ssml: bool = False


class TextInTurn:
    """A text that waits, is being said, or cannot be said.

    number: of the text.
    plain: what has come of it.
    whole: whether its last piece has come.
    refused: what is told instead of saying it.
    troubles: what is told of single pieces when its turn comes.
    """

    def __init__(self, number: int = 0, refused: ProtocolError | None = None) -> None:
        self.number = number
        self.plain = ""
        self.whole = True
        self.refused = refused
        self.troubles: list[ProtocolError] = []
        self._first: tts.Piece | None = None
        self._voice = ""

    def begin(self, message: Mapping[str, Any], voices: Mapping[int, str], max_chars: int) -> None:
        """Take the first piece, or the whole text.

        Raises:
            ProtocolError: when there is no saying it.
        """
        piece = convert(message, tts.Piece)
        if piece.ssml and piece.more:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                'A text that is SSML comes whole: send it in one piece, without "more".',
            )
        self._voice = chosen_voice(piece, voices)
        plain = _plain(piece, "", max_chars)
        if not (piece.more or plain.strip()):
            raise empty_text()
        self._first = piece
        self.plain = plain

    def add(self, message: Mapping[str, Any], max_chars: int) -> str:
        """Take a piece more; return its text.

        Raises:
            ProtocolError: when it does not belong to what came before; the piece is not used.
        """
        piece = convert(message, tts.Piece)
        for field in _OF_THE_WHOLE:
            theirs, ours = getattr(piece, field), getattr(self._first, field)
            if field in message and theirs != ours:
                raise ProtocolError(
                    ErrorCode.INVALID_FIELD,
                    f'The field "{field}" is the first piece\'s to say: this piece says '
                    f"{shown(message[field])}, that one {_said(ours)}. The piece is left out.",
                )
        more = _plain(piece, self.plain, max_chars)
        self.plain += more
        return more

    def speak(self) -> Speak:
        """Return the command to say what has come."""
        piece = self._first
        assert piece is not None
        return Speak(
            self.number,
            self.plain,
            self._voice,
            piece.speed,
            piece.volume,
            piece.sample_rate,
            piece.format,
            piece.marks,
            piece.pace if isinstance(piece.pace, float) else None,
            self.whole,
            piece.ssml,
        )


def is_last(message: Mapping[str, Any]) -> bool:
    """Whether a text ends with this message, be it right or wrong."""
    return message.get("more") is not True


def _plain(piece: tts.Piece, before: str, max_chars: int) -> str:
    plain = decode_text(piece.text, encoded=piece.encoding == "base64")
    if len(before) + len(plain) > max_chars:
        raise text_too_long(len(before) + len(plain), max_chars)
    return plain


def _said(value: object) -> str:
    return "nothing" if value is UNSET else shown(value)
