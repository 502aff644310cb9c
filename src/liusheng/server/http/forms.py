"""Forms with a file (multipart/form-data, RFC 7578), taken in while they come."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import BinaryIO, cast

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from liusheng.protocol.errors import ErrorCode, ProtocolError

MOST_BESIDE = 100_000
"""Bytes for everything in a form but the file."""

_IN_MEMORY = 1 << 20


class Form:
    """A form with one file, as a context: a large file is on disk, and gone when it is left.

    Nothing in here waits, so that nobody who gives up can leave a file open.

    fields: the values of each field but the file.
    """

    def __init__(self, content_type: str, name: str = "file") -> None:
        """Begin.

        content_type: the request's.
        name: of the field that is a file.

        Raises:
            ProtocolError: missing_field, when it is no form; invalid_field.
        """
        media, options = parse_options_header(content_type)
        if media != b"multipart/form-data":
            raise ProtocolError(
                ErrorCode.MISSING_FIELD,
                f'The file is missing: send a form (multipart/form-data) with "{name}".',
            )
        self.fields: dict[str, list[str]] = {}
        self._name = name
        self._file: SpooledTemporaryFile[bytes] | None = None
        self._ended = False
        self._beside = 0
        self._header = b""
        self._value = b""
        self._disposition = b""
        self._part: str | None = None
        self._data = bytearray()
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
            raise self._unreadable(f"its boundary: {error}") from None

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

    def feed(self, chunk: bytes) -> None:
        """Take what came.

        Raises:
            ProtocolError: invalid_field, or message_too_large.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise self._unreadable(str(error)) from None

    def finish(self) -> BinaryIO:
        """Return the file, at its beginning, when all has come.

        Raises:
            ProtocolError: invalid_field, or missing_field.
        """
        if not self._ended:
            raise self._unreadable("its last boundary is missing")
        if not self._file:
            raise ProtocolError(ErrorCode.MISSING_FIELD, f'The field "{self._name}" is missing.')
        self._file.seek(0)
        return cast(BinaryIO, self._file)

    # What the parser finds

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

    def _header_ends(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        if b"name" not in options:
            raise self._unreadable("a part of it has no name")
        self._part = options[b"name"].decode(errors="replace")
        if self._part == self._name:
            if self._file:
                raise self._unreadable(f'there is more than one "{self._name}"')
            self._file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  (see __exit__)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        piece = data[start:end]
        if self._part == self._name and self._file:
            self._file.write(piece)
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
        self._beside += size
        if self._beside > MOST_BESIDE:
            raise ProtocolError(
                ErrorCode.MESSAGE_TOO_LARGE,
                f'What the form has beside "{self._name}" is over the limit of '
                f"{MOST_BESIDE:,} bytes.",
            )

    def _unreadable(self, why: str) -> ProtocolError:
        return ProtocolError(
            ErrorCode.INVALID_FIELD,
            f'The form cannot be read ({why}); send multipart/form-data with one "{self._name}".',
        )
