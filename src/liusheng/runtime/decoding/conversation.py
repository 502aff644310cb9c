"""The exchange with one decoder: it asks for parts of the file, and sends audio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from liusheng.audio.containers import DecodeError
from liusheng.runtime.decoding import launch, wire
from liusheng.runtime.forking.fork_server import Fork, ForkerLostError
from liusheng.runtime.forking.wire import NOT_STARTED

PcmSink = Callable[[bytes], Awaitable[None]]
"""Takes each block of PCM16; decoding continues when it returns."""

_EXIT_TIMEOUT = 10.0
"""Seconds in which the forker reports the end of a decoder that has closed its connection."""

_CHECKS = 5
"""Looks at a decoder in the time in which it must progress, so that one late look is not one."""


class FileSource(Protocol):
    """A file.

    size: bytes; None: a stream, which is read once, from its beginning to its end.
    """

    @property
    def size(self) -> int | None: ...

    async def read(self, position: int, size: int) -> bytes:
        """Return up to `size` bytes from `position` on; b"" at the end. Waits for some."""


class DecoderDiedError(Exception):
    """The decoder ended before the file did, hung and was killed, or sent nonsense.

    error: of the file.
    outside: nothing speaks against the file: something else ended it, or may have.
    """

    def __init__(self, how: str, error: DecodeError, *, outside: bool = False) -> None:
        super().__init__(how)
        self.error = error
        self.outside = outside


class _ConnectionLostError(Exception):
    pass


class DecoderConversation:
    """The exchange with one decoder.

    bytes_read: of the file, for the log.
    """

    def __init__(self, decoder: Fork, stall_seconds: float) -> None:
        self._decoder = decoder
        self._stall_seconds = stall_seconds
        self._messages = 0
        self._computing = False
        self._stalled = False
        self.bytes_read = 0

    async def run(
        self, job: wire.DecodeJob, source: FileSource, sink: PcmSink
    ) -> wire.DecodeSummary:
        """Decode a file.

        Raises:
            DecodeError: it cannot be decoded.
            DecoderDiedError: it ended, or hung, or sent nonsense.
            ForkerLostError: it could not be started.
            Exception: from `source` or `sink`.
        """
        watching = asyncio.create_task(self._watch())
        try:
            return await self._exchange(job, source, sink)
        except (_ConnectionLostError, wire.WireError, msgspec.MsgspecError):
            if self._stalled:
                raise DecoderDiedError("hung", launch.stalled(self._stall_seconds)) from None
            status = await self._decoder.status(_EXIT_TIMEOUT)
            if status == NOT_STARTED:
                raise ForkerLostError("no process can be forked") from None
            raise DecoderDiedError(
                launch.ending(status), launch.death(status), outside=launch.ended_by_others(status)
            ) from None
        finally:
            watching.cancel()
            self._decoder.close()

    async def _exchange(
        self, job: wire.DecodeJob, source: FileSource, sink: PcmSink
    ) -> wire.DecodeSummary:
        await self._send(wire.JOB, msgspec.json.encode(job))
        while True:
            # Buffered messages are read without suspending: let others run, and be cancelled.
            await asyncio.sleep(0)
            kind, content = await self._receive()
            if kind == wire.READ and len(content) == wire.READ_CONTENT.size:
                position, size = wire.READ_CONTENT.unpack(content)
                data = await source.read(position, min(size, wire.MAX_CONTENT))
                self.bytes_read += len(data)
                await self._send(wire.DATA, data)
            elif kind == wire.PCM and len(content) % 2 == 0:
                await sink(content)
            elif kind == wire.END:
                return msgspec.json.decode(content, type=wire.DecodeSummary)
            elif kind == wire.FAILED:
                failure = msgspec.json.decode(content, type=wire.DecodeFailure)
                raise DecodeError(failure.reason, failure.advice, name="the audio")
            else:
                raise wire.WireError(f"{kind!r} with {len(content)} bytes")

    async def _send(self, kind: bytes, content: bytes) -> None:
        self._progress(computing=True)
        try:
            self._decoder.writer.write(wire.pack(kind, content))
            await self._decoder.writer.drain()
        except ConnectionError:
            raise _ConnectionLostError from None

    async def _receive(self) -> tuple[bytes, bytes]:
        self._progress(computing=True)
        try:
            reader = self._decoder.reader
            kind, length = wire.unpack_head(await reader.readexactly(wire.HEAD.size))
            content = await reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise _ConnectionLostError from None
        # Until the next message, the file or the taker of the audio may make it wait.
        self._progress(computing=False)
        return kind, content

    def _progress(self, *, computing: bool) -> None:
        self._messages += 1
        self._computing = computing

    async def _watch(self) -> None:
        """Kill a decoder that computes without a message for too long."""
        seen = checks = 0
        while checks < _CHECKS:
            await asyncio.sleep(self._stall_seconds / _CHECKS)
            checks = checks + 1 if self._computing and self._messages == seen else 0
            seen = self._messages
        self._stalled = True
        self._decoder.kill()
