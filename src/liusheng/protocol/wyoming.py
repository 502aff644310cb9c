"""The events of the Wyoming protocol, which Home Assistant speaks, and their form on a connection.

An event is a line of JSON, then the rest of its data as JSON, then a payload; the line has the
lengths of both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import parse_json
from liusheng.protocol.limits import message_too_large, packet_too_large
from liusheng.protocol.quoting import quoted

VERSION = "1.10.2"
"""Of the `wyoming` package that the events are those of."""

_LENGTH = Annotated[int, Meta(ge=0)]


class Event(Struct, frozen=True, kw_only=True):
    """An event."""

    type: str
    data: dict[str, Any] = {}
    payload: bytes = b""


class _Line(Struct, frozen=True, kw_only=True):
    type: str
    data: dict[str, Any] | None = None
    data_length: _LENGTH | None = None
    payload_length: _LENGTH | None = None


# The data of events from clients


class Transcribe(Struct, frozen=True, kw_only=True):
    """The next audio is to be recognised.

    language: a code or a locale.
    transcript_names, transcript_terms: names and terms that may occur in it.
    """

    language: Annotated[str, Meta(max_length=20)] | None = None
    transcript_names: tuple[str, ...] | None = None
    transcript_terms: tuple[str, ...] | None = None


class AudioFormat(Struct, frozen=True, kw_only=True):
    """The format of audio: rate in hertz, width in bytes of a sample."""

    rate: Annotated[int, Meta(ge=8_000, le=48_000)]
    width: Literal[2]
    channels: Literal[1, 2]


class Voice(Struct, frozen=True, kw_only=True):
    """The voice that a client wants: one by its name, or one for a language."""

    name: str | None = None
    language: str | None = None


class SynthesizeStart(Struct, frozen=True, kw_only=True):
    """A text will come in pieces."""

    voice: Voice | None = None
    text_format: Literal["text", "ssml"] | None = None


class Synthesize(SynthesizeStart, frozen=True, kw_only=True):
    """A whole text."""

    text: str


class SynthesizeChunk(Struct, frozen=True, kw_only=True):
    """A piece of a text."""

    text: str


class Ping(Struct, frozen=True, kw_only=True):
    """Asks for a `pong` with the same text."""

    text: str | None = None


# Their form


def encode_event(event: Event) -> bytes:
    """Return an event as it is sent."""
    data = msgspec.json.encode(event.data) if event.data else b""
    line: dict[str, Any] = {"type": event.type, "version": VERSION}
    if data:
        line["data_length"] = len(data)
    if event.payload:
        line["payload_length"] = len(event.payload)
    return msgspec.json.encode(line) + b"\n" + data + event.payload


class EventReader:
    """Bytes in, events out; the bytes may be cut anywhere.

    max_data_bytes: of a line, and of the data after it.
    max_payload_bytes: of a payload.
    """

    def __init__(self, max_data_bytes: int, max_payload_bytes: int) -> None:
        self._max_data_bytes = max_data_bytes
        self._max_payload_bytes = max_payload_bytes
        self._bytes = bytearray()
        self._searched = 0  # bytes without the end of a line
        self._line: _Line | None = None  # whose data and payload are not complete

    @property
    def held(self) -> int:
        """Bytes of an event that is not complete."""
        return len(self._bytes)

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events that these bytes complete.

        Raises:
            ProtocolError: the bytes are no events, or over a limit. What follows cannot be read.
        """
        self._bytes += data
        while (event := self._next()) is not None:
            yield event

    def _next(self) -> Event | None:
        if self._line is None:
            end = self._bytes.find(b"\n", self._searched)
            if max(end, len(self._bytes) if end < 0 else 0) > self._max_data_bytes:
                raise message_too_large("The line of an event", self._max_data_bytes, "bytes")
            if end < 0:
                self._searched = len(self._bytes)
                return None
            self._line = self._checked(bytes(self._bytes[:end]))
            del self._bytes[: end + 1]
            self._searched = 0
        line = self._line
        size, payload = line.data_length or 0, line.payload_length or 0
        if len(self._bytes) < size + payload:
            return None
        more = _object(bytes(self._bytes[:size])) if size else {}
        event = Event(
            type=line.type,
            data={**(line.data or {}), **more},
            payload=bytes(self._bytes[size : size + payload]),
        )
        del self._bytes[: size + payload]
        self._line = None
        return event

    def _checked(self, text: bytes) -> _Line:
        try:
            line = msgspec.convert(parse_json(text, "The line of an event"), _Line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _invalid(text, error) from None
        if (line.data_length or 0) > self._max_data_bytes:
            what = f"The data of an event of {line.data_length:,} bytes"
            raise message_too_large(what, self._max_data_bytes, "bytes")
        if (line.payload_length or 0) > self._max_payload_bytes:
            raise packet_too_large(line.payload_length or 0, self._max_payload_bytes)
        return line


def _object(data: bytes) -> dict[str, Any]:
    try:
        return msgspec.convert(parse_json(data, "The data of an event"), dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _invalid(data, error) from None


def _invalid(data: bytes, error: Exception) -> ProtocolError:
    start = re.sub(r"[^ -~]", "�", data[:200].decode(errors="replace"))
    return ProtocolError(
        ErrorCode.INVALID_JSON,
        f"This is not an event of the Wyoming protocol ({error}): {quoted(start)}. Send a line of "
        'JSON with a "type"; connect with HTTP and WebSocket to the server\'s other port.',
    )
