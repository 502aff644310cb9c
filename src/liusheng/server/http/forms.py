"""Forms with a file (multipart/form-data, RFC 7578), parsed while they are received."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from types import TracebackType
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.limits import message_too_large
from liusheng.server.http.upload import Upload
from liusheng.server.limits.pace import Pace

MAX_FIELD_BYTES = 100_000
"""Bytes of all fields and headers of a form, without the file."""

MAX_HEADER_BYTES = 3_000
"""Bytes of a header: a name of 255 characters in UTF-8, percent-encoded, and as much again."""

_MIN_PIECE, _MAX_PIECE = 256, 2 * 1024
"""Bytes that are parsed at once. What looks like boundaries, and the smallest parts, take the
parser up to 2 us for each byte, forty times as long as other contents."""

InTurn = Callable[[Callable[[float], memoryview]], Awaitable[memoryview]]
"""Does work when it is the client's turn: see `Turns.do`, with its own clock."""


class Form:
    """A form with one file, as a context that deletes the file; a large file is stored on disk.

    fields: the values of each field, without the file.
    """

    def __init__(self, content_type: str, in_turn: InTurn, name: str = "file") -> None:
        """Begin a form.

        content_type: header of the request.
        in_turn: does what is long to parse.
        name: of the field with the file.

        Raises:
            ProtocolError: missing_field, if the request is not a form; invalid_field.
        """
        media, options = parse_options_header(content_type)
        if media != b"multipart/form-data":
            raise ProtocolError(
                ErrorCode.MISSING_FIELD,
                f'The file is missing: send a form (multipart/form-data) with the field "{name}".',
            )
        self.fields: dict[str, list[str]] = {}
        self._name = name
        self._file: Upload | None = None
        self._ended = False
        self._field_bytes = 0
        self._header = b""
        self._value = b""
        self._disposition = b""
        self._part: str | None = None
        self._data = bytearray()
        self._in_turn = in_turn
        self._pace = Pace(_MIN_PIECE, _MAX_PIECE, _MIN_PIECE)
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._part_data,
                    "on_part_end": self._part_ends,
                    "on_end": self._ends,
                },
            )
        except (KeyError, FormParserError) as error:
            raise self._invalid(f"its boundary: {error}") from None

    def __enter__(self) -> Form:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()

    @property
    def in_memory(self) -> int:
        """Bytes of the fields, and of the file as far as it is not on disk."""
        return self._field_bytes + (self._file.in_memory if self._file else 0)

    async def feed(self, chunk: bytes) -> None:
        """Parse a part of the body; waits while a part of the file is written to disk.

        Raises:
            ProtocolError: invalid_field, message_too_large, or storage_full.
        """
        rest = memoryview(chunk)
        while rest:
            rest = await self._in_turn(partial(self._parse, rest))
        if self._file:
            await self._file.store()

    def _parse(self, data: memoryview, until: float) -> memoryview:
        """Parse until then, on `time.perf_counter`; return what is left."""
        now = 0.0
        while data and now < until:
            before, size = now or time.perf_counter(), self._pace.piece
            try:
                self._parser.write(bytes(data[:size]))
            except FormParserError as error:
                raise self._invalid(str(error)) from None
            data = data[size:]
            now = time.perf_counter()
            self._pace.took(now - before)
        return data

    async def finish(self) -> BinaryIO:
        """Return the file, at its beginning, after the whole body.

        Raises:
            ProtocolError: invalid_field, missing_field, or storage_full.
        """
        if not self._ended:
            raise self._invalid("its last boundary is missing")
        if not self._file:
            raise ProtocolError(ErrorCode.MISSING_FIELD, f'The field "{self._name}" is missing.')
        return await self._file.finish()

    # Callbacks of the parser

    def _part_begins(self) -> None:
        self._disposition = b""
        self._part = None
        self._data.clear()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]
        if len(self._value) > MAX_HEADER_BYTES:
            raise self._invalid(f"a header has more than {MAX_HEADER_BYTES:,} bytes")

    def _header_ends(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        if b"name" not in options:
            raise self._invalid("a part has no name")
        self._part = options[b"name"].decode(errors="replace")
        if self._part == self._name:
            if self._file:
                raise self._invalid(f'there is more than one "{self._name}"')
            self._file = Upload()

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        piece = data[start:end]
        if self._part == self._name and self._file:
            self._file.append(piece)
        else:
            self._count(len(piece))
            self._data += piece

    def _part_ends(self) -> None:
        if self._part is not None and self._part != self._name:
            value = self._data.decode(errors="replace")
            self.fields.setdefault(self._part, []).append(value)

    def _ends(self) -> None:
        self._ended = True

    def _count(self, size: int) -> None:
        self._field_bytes += size
        if self._field_bytes > MAX_FIELD_BYTES:
            raise message_too_large(f'The form without "{self._name}"', MAX_FIELD_BYTES, "bytes")

    def _invalid(self, why: str) -> ProtocolError:
        return ProtocolError(
            ErrorCode.INVALID_FIELD,
            f'The form is invalid ({why}); send multipart/form-data with one "{self._name}".',
        )
