"""The file of an upload while it is received: in memory while it is small, then on disk."""

from __future__ import annotations

import io
import logging
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from liusheng.server.errors import storage_full
from liusheng.server.threads import in_thread

_log = logging.getLogger(__name__)

MAX_IN_MEMORY = 1 << 20
"""Bytes of a file that is not written to disk; also of the parts of a larger one that are written
at once."""


class Upload:
    """A file that is received in parts. No part is written on the event loop."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._disk: BinaryIO | None = None

    @property
    def in_memory(self) -> int:
        """Bytes that are not on disk."""
        return len(self._waiting)

    def append(self, part: bytes) -> None:
        """Take a part; `store` writes it."""
        self._waiting += part

    async def store(self) -> None:
        """Write what there is to disk, if it is too much for memory.

        Raises:
            ProtocolError: storage_full.
        """
        if len(self._waiting) > MAX_IN_MEMORY:
            await self._write()

    async def finish(self) -> BinaryIO:
        """Return the whole file, at its beginning; it is closed with the upload.

        Raises:
            ProtocolError: storage_full.
        """
        if self._disk is None:
            return io.BytesIO(self._waiting)
        await self._write()
        self._disk.seek(0)
        return self._disk

    def close(self) -> None:
        """Delete the file."""
        self._waiting.clear()
        if self._disk:
            self._disk.close()

    async def _write(self) -> None:
        data, self._waiting = self._waiting, bytearray()
        try:
            await in_thread(lambda: self._write_now(data))
        except OSError as error:
            _log.error("an upload cannot be written to disk: %s", error)
            raise storage_full(error) from None

    def _write_now(self, data: bytearray) -> None:
        if self._disk is None:
            # Unbuffered: what is not written must not fail later, when the file is closed.
            self._disk = cast(BinaryIO, TemporaryFile(buffering=0))  # noqa: SIM115  (see close)
        view = memoryview(data)
        while view:
            view = view[self._disk.write(view) :]
