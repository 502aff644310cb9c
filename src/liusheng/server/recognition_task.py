"""A recognition whose results are waited for, for everything that is not a socket's session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from liusheng.asr.capabilities import NotSupportedError
from liusheng.asr.types import SAMPLE_RATE, Partial, StreamParams, Utterance
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.transcript import Transcript
from liusheng.runtime.recognition.service import BusyError, Recognition
from liusheng.server.errors import no_room, not_supported, recognition_failed

_log = logging.getLogger(__name__)

_BYTES_PER_SECOND = 2 * SAMPLE_RATE
_LONGEST_WAIT = 10.0


class RecognitionTask:
    """A recognition under way. Whoever stops before its end calls `abandon`.

    transcript: what is known so far.
    utterances: those that are closed.
    seconds: of audio that came in.
    """

    def __init__(
        self,
        recognition: Recognition,
        params: StreamParams,
        *,
        max_seconds: float = 0,
        transcript: Transcript | None = None,
    ) -> None:
        """Begin.

        max_seconds: of audio; 0: no limit.
        transcript: to be filled; by default a new one.

        Raises:
            ProtocolError: server_busy, or not_supported_by_model.
        """
        self.transcript = transcript or Transcript()
        self.utterances: list[Utterance] = []
        self.seconds = 0.0
        self._max_seconds = max_seconds
        self._max_queued = recognition.options.max_queued
        self._news = asyncio.Event()
        self._finished = False
        self._failure: Exception | None = None
        try:
            self._stream = recognition.open(params, self._update, self._finish, self._fail)
        except BusyError as error:
            _log.warning("refused: %s", error)
            raise no_room("recognition", error) from None
        except NotSupportedError as error:
            raise not_supported(error) from None

    async def feed(self, pcm: bytes) -> None:
        """Add audio (PCM16, 16 kHz, mono, whole samples); waits while much is queued.

        Raises:
            ProtocolError: session_too_long, or recognition_failed.
        """
        for at in range(0, len(pcm), _BYTES_PER_SECOND):
            piece = pcm[at : at + _BYTES_PER_SECOND]
            self.seconds += len(piece) / _BYTES_PER_SECOND
            if 0 < self._max_seconds < self.seconds:
                raise ProtocolError(
                    ErrorCode.SESSION_TOO_LONG,
                    f"The audio is over this server's limit of {self._max_seconds:g} s; "
                    "send it in parts.",
                )
            if self._failure:
                raise self._failure
            self._stream.feed(piece)
            while self._stream.queued_seconds >= self._max_queued and not self._failure:
                await self._stream.room(_LONGEST_WAIT)

    def finish(self) -> None:
        """No more audio comes."""
        if not self._failure:
            self._stream.finish()

    def break_off(self, error: Exception) -> None:
        """The audio does not come to its end; `news` raises why."""
        self._failure = self._failure or error
        self._news.set()

    def abandon(self) -> None:
        """Nobody waits for this any more."""
        self._stream.abandon()

    async def news(self) -> AsyncIterator[None]:
        """Yield when more is known (what comes quickly is not told one by one), until the end.

        Raises:
            ProtocolError: recognition_failed.
            Exception: what the audio was broken off with.
        """
        while True:
            await self._news.wait()
            self._news.clear()
            if self._failure:
                raise self._failure
            if self._finished:
                return
            yield

    async def end(self) -> None:
        """Wait until every utterance is closed; raises what `news` does."""
        async for _ in self.news():
            pass

    def _update(self, closed: tuple[Utterance, ...], partial: Partial) -> None:
        self.utterances.extend(closed)
        self.transcript.update(closed, partial.index, partial.text, partial.stable)
        self._news.set()

    def _finish(self) -> None:
        self._finished = True
        self._news.set()

    def _fail(self, error: Exception) -> None:
        _log.error("recognition failed: %s", error)
        self.break_off(recognition_failed())
