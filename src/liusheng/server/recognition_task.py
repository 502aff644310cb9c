"""A recognition whose results are awaited, for HTTP endpoints (WebSockets have sessions)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from functools import partial

from liusheng.asr.capabilities import NotSupportedError
from liusheng.asr.types import SAMPLE_RATE, Partial, StreamParams, Utterance
from liusheng.protocol.errors import ProtocolError
from liusheng.protocol.limits import session_too_long
from liusheng.protocol.transcript import Transcript
from liusheng.runtime.claim import Claimant
from liusheng.runtime.errors import BusyError
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.errors import no_audio, not_supported, recognition_error, server_busy

_log = logging.getLogger(__name__)

_BYTES_PER_SECOND = 2 * SAMPLE_RATE


class RecognitionTask:
    """A running recognition. Its owner calls `abandon` when it stops before the end.

    transcript: the text so far.
    utterances: the closed utterances.
    seconds: of audio received.
    cut_by: why the audio was ended before its end, if it was.
    """

    @classmethod
    async def when_there_is_room(
        cls,
        recognition: RecognitionService,
        params: StreamParams,
        *,
        max_seconds: float = 0,
        transcript: Transcript | None = None,
        upload: bool = False,
    ) -> RecognitionTask:
        """Wait for a place as the settings allow (`limits.queue_seconds`), then open the
        recognition. Arguments and errors are those of the constructor.
        """
        try:
            await recognition.wait_for_room(upload=upload)
        except BusyError as error:
            raise _busy(error) from None
        return cls(
            recognition, params, max_seconds=max_seconds, transcript=transcript, upload=upload
        )

    def __init__(
        self,
        recognition: RecognitionService,
        params: StreamParams,
        *,
        max_seconds: float = 0,
        transcript: Transcript | None = None,
        upload: bool = False,
    ) -> None:
        """Open the recognition.

        max_seconds: of audio; 0: no limit.
        transcript: to append to; by default a new one.
        upload: of a whole file (see `RecognitionService.open`).

        Raises:
            ProtocolError: server_busy, or not_supported_by_model.
        """
        self.transcript = transcript or Transcript()
        self.utterances: list[Utterance] = []
        self.seconds = 0.0
        self.cut_by: Exception | None = None
        self._max_seconds = max_seconds
        self._changed = asyncio.Event()
        self._finished = False
        self._failure: Exception | None = None
        try:
            self._stream = recognition.open(
                params, self._on_update, self._on_finish, self._on_fail, upload=upload
            )
        except BusyError as error:
            raise _busy(error) from None
        except NotSupportedError as error:
            raise not_supported(error) from None
        self._stream.on_give_way = partial(self.cut, no_audio())

    async def feed(self, pcm: bytes) -> None:
        """Append audio (PCM16, 16 kHz, mono, whole samples); waits while the queue is full.

        Raises:
            ProtocolError: session_too_long, or recognition_failed.
        """
        for at in range(0, len(pcm), _BYTES_PER_SECOND):
            piece = pcm[at : at + _BYTES_PER_SECOND]
            seconds = self.seconds + len(piece) / _BYTES_PER_SECOND
            if 0 < self._max_seconds < seconds:
                raise session_too_long(self._max_seconds, "Send it in several parts.")
            if error := self._failure or self.cut_by:
                raise error
            self.seconds = seconds
            self._stream.feed(piece)
            await self._stream.room()

    @property
    def claimant(self) -> Claimant:
        """What has the place of the recognition."""
        return self._stream

    def await_decoder(self) -> None:
        """Its audio is a container, for which there is no decoder yet."""
        self._stream.undecoded = True

    def decoder_began(self) -> None:
        """There is one, and it asks for the container."""
        self._stream.undecoded = False

    def expect(self) -> None:
        """Audio is to come: the beginning of a container was received, and is being decoded."""
        self._stream.expect()

    def finish(self) -> None:
        """End the audio."""
        if not (self._failure or self.cut_by):
            self._stream.finish()

    def cut(self, error: Exception) -> None:
        """End the audio before its end: what was received becomes text."""
        if not (self._failure or self.cut_by):
            self.cut_by = error
            self._stream.finish()

    def fail(self, error: Exception) -> None:
        """End the task because its audio cannot be read; `updates` and `wait` raise `error`."""
        self._failure = self._failure or error
        self._changed.set()

    def abandon(self) -> None:
        """Drop the recognition."""
        self._stream.abandon()

    async def updates(self) -> AsyncIterator[None]:
        """Yield after the transcript has changed, until the end; changes in between are merged.

        Raises:
            ProtocolError: recognition_failed.
            Exception: the error given to `fail`.
        """
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._failure:
                raise self._failure
            if self._finished:
                return
            yield

    async def wait(self) -> None:
        """Wait until every utterance is closed. Raises as `updates`."""
        async for _ in self.updates():
            pass

    def _on_update(self, closed: tuple[Utterance, ...], partial: Partial) -> None:
        self.utterances.extend(closed)
        self.transcript.update(closed, partial.index, partial.text, partial.stable)
        self._changed.set()

    def _on_finish(self) -> None:
        self._finished = True
        self._changed.set()

    def _on_fail(self, error: Exception) -> None:
        self.fail(recognition_error(error))


def _busy(error: BusyError) -> ProtocolError:
    _log.warning("refused: %s", error)
    return server_busy("recognition", error)
