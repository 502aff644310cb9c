"""Decoding for a server: a decoder for each file, and a limit of how many there are."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass

from liusheng.audio.containers import Container
from liusheng.runtime.admission import Admission
from liusheng.runtime.claim import HEADER_SECONDS, Claimant, gives_way
from liusheng.runtime.clock import awake
from liusheng.runtime.decoding import wire
from liusheng.runtime.decoding.conversation import (
    DecoderConversation,
    DecoderDiedError,
    FileSource,
    PcmSink,
)
from liusheng.runtime.decoding.launch import start_forker
from liusheng.runtime.decoding.options import DecodingOptions
from liusheng.runtime.errors import BusyError
from liusheng.runtime.forking.fork_server import ForkerLostError, ForkServer
from liusheng.runtime.workers.pool import Pool

_log = logging.getLogger(__name__)

_LIVE_SHARE = 4  # a part of the decoders, which files that nobody speaks do not get

_FIRST_BACKOFF = 0.5
_LAST_BACKOFF = 30.0

_STRANDED_SECONDS = 10.0
"""Without a forker. To start one takes a fraction of a second, or some on a busy machine; until
then files wait for it."""


class _Remaining:
    """Passes on what was not passed on before, when the same audio is decoded again."""

    def __init__(self, sink: PcmSink) -> None:
        self._sink = sink
        self._passed = 0  # bytes
        self._again = 0  # bytes still to come that were passed on

    def begin_again(self) -> None:
        """The audio comes from its beginning."""
        self._again = self._passed

    async def take(self, pcm: bytes) -> None:
        """Pass on what is new in the next block."""
        known = min(self._again, len(pcm))
        self._again -= known
        if known < len(pcm):
            await self._sink(pcm[known:])
            self._passed += len(pcm) - known


@dataclass(eq=False)
class _Job:
    """A file that is being decoded. claimant: see `DecodingService.decode`."""

    upload: bool
    claimant: Claimant | None
    left: bool = False


class DecodingService:
    """Decodes files and containers, each in a process of its own.

    admission: of files, which wait for a decoder where all are in use.
    refused: files for which there was no decoder.
    deaths: decoders that died or hung on their file.
    restarts: of the process that forks them.
    """

    def __init__(self, options: DecodingOptions) -> None:
        self.options = options
        self.refused = 0
        self.deaths = 0
        self.restarts = 0
        self.admission = Admission(options.queue_seconds, options.processes, time.monotonic)
        self._jobs: set[_Job] = set()
        self._forker: ForkServer | None = None
        self._watching: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._lost_at: float | None = None  # since when there is no forker; None: there is one

    async def start(self) -> None:
        """Start the process that forks decoders. When it ends, another one is started.

        Raises:
            ForkerLostError: it cannot be started.
        """
        await self._running_forker()

    async def stop(self) -> None:
        """End all decoders. Files that are being decoded fail."""
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        async with self._starting:
            forker, self._forker = self._forker, None
        if forker:
            await forker.stop()

    @property
    def stranded(self) -> bool:
        """Whether the process that forks decoders is gone, and could not be started again for some
        time: every file is refused."""
        lost_at = self._lost_at
        return lost_at is not None and awake.time() - lost_at >= _STRANDED_SECONDS

    @property
    def running(self) -> int:
        """How many files are being decoded."""
        return len(self._jobs)

    @property
    def pids(self) -> list[int]:
        """Process ids of the decoders, and first of the process that forks them."""
        return self._forker.pids if self._forker else []

    @property
    def pools(self) -> Mapping[str, Pool]:
        """None: decoders are not kept for further files."""
        return {}

    @property
    def processes(self) -> Mapping[str, list[int]]:
        """Process ids by what the processes do."""
        return {"decoding": self.pids}

    async def decode(
        self,
        source: FileSource,
        sink: PcmSink,
        *,
        rate: int,
        block_seconds: float,
        container: Container | None = None,
        upload: bool = False,
        claimant: Claimant | None = None,
    ) -> None:
        """Decode a file; return when all of it is decoded and taken by `sink`.

        rate: hertz of the PCM16, mono, that `sink` takes.
        block_seconds: of all blocks but the last.
        container: of the file; None: detected.
        upload: nobody speaks: it waits for a decoder until no live stream does, and leaves some for
            these.
        claimant: whose claim the decoder is kept by; None: it is kept in any case.

        Raises:
            BusyError: all decoders were in use for too long, or none can be started.
            DecodeError: the file is not audio, or the decoder failed on it.
            Exception: from `source` or `sink`.
        """
        try:
            await self.admission.wait(lambda: self._check_room(upload), upload=upload)
        except BusyError:
            self.refused += 1
            raise
        job = _Job(upload, claimant)
        self._jobs.add(job)
        if claimant:
            claimant.claim.extend(awake.time(), HEADER_SECONDS)
        try:
            await self._decode(
                source,
                sink,
                wire.DecodeJob(source.size, rate, round(rate * block_seconds), container),
            )
        finally:
            self._jobs.discard(job)
            self.admission.ended()

    def _check_room(self, upload: bool) -> None:
        processes = self.options.processes
        uploads = sum(each.upload for each in self._jobs)
        if upload and uploads >= max(1, processes - max(1, processes // _LIVE_SHARE)):
            message = f"{uploads} whole files are being decoded, the limit"
            raise self.admission.busy(message, "decoders", upload=True)
        staying = [each for each in self._jobs if not each.left]
        if len(staying) < processes:
            return
        claimants = {each.claimant: each for each in staying if each.claimant}
        leaves = gives_way(claimants, awake.time())
        if leaves is None:
            message = f"{self.running} files are being decoded, the limit"
            raise self.admission.busy(message, "decoders", upload=upload)
        claimants[leaves].left = True
        leaves.give_way()

    async def _decode(self, source: FileSource, sink: PcmSink, job: wire.DecodeJob) -> None:
        """Decode a file; a second time if something else than the file ended its decoder, and all
        of the file is there."""
        remaining = _Remaining(sink)
        try:
            await self._decode_once(source, remaining.take, job)
        except DecoderDiedError as died:
            if not died.outside or source.size is None:
                raise died.error from None
        else:
            return
        remaining.begin_again()
        try:
            await self._decode_once(source, remaining.take, job)
        except DecoderDiedError as died:
            raise died.error from None

    async def _decode_once(self, source: FileSource, sink: PcmSink, job: wire.DecodeJob) -> None:
        try:
            decoder = await (await self._running_forker()).fork()
        except (ForkerLostError, OSError) as error:
            raise self._refusal(error) from None
        conversation = DecoderConversation(decoder, self.options.stall_seconds)
        try:
            summary = await conversation.run(job, source, sink)
        except ForkerLostError as error:
            raise self._refusal(error) from None
        except DecoderDiedError as died:
            self.deaths += 1
            _log.error(
                "decoder %d ended on its input (%s) after it had read %d bytes; the container: %s",
                decoder.pid,
                died,
                conversation.bytes_read,
                job.container or "not given",
            )
            raise
        if summary.damaged:
            _log.warning("%d damaged packets of a file were skipped", summary.damaged)

    def _refusal(self, error: Exception) -> BusyError:
        self.refused += 1
        _log.error("no decoder can be started: %s", error)
        return BusyError("no process can be started that decodes files")

    async def _running_forker(self) -> ForkServer:
        async with self._starting:
            if self._forker and not self._forker.alive:
                _log.error("the process that forks decoders ended; it is started again")
                self.restarts += 1
                with contextlib.suppress(OSError):
                    await self._forker.stop()
                self._forker = None
            if not self._forker:
                if self._lost_at is None:
                    self._lost_at = awake.time()
                self._forker = await start_forker(self.options)
                self._lost_at = None
                self._watching = asyncio.create_task(self._watch(self._forker))
            return self._forker

    async def _watch(self, forker: ForkServer) -> None:
        """Start another forker when this one has ended, so that no file has to wait for it."""
        await forker.ended()
        backoff = _FIRST_BACKOFF
        while self._forker is None or self._forker is forker:
            try:
                await self._running_forker()
            except (ForkerLostError, OSError) as error:
                _log.error("%s", error)
                await asyncio.sleep(backoff)
                backoff = min(2 * backoff, _LAST_BACKOFF)
