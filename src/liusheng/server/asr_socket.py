"""Streaming recognition over a WebSocket."""

from __future__ import annotations

import asyncio
import logging

import structlog
from starlette.websockets import WebSocket

from liusheng.asr.types import Partial, Script, StreamParams, Utterance
from liusheng.audio.pcm import PacketReader
from liusheng.protocol.asr import Limits
from liusheng.protocol.asr_session import Abandon, ASRSession, Command, Feed, Finish, Open
from liusheng.runtime.recognition import BusyError, Recognition, RecognitionStream
from liusheng.runtime.waiting import at_most
from liusheng.server.socket import LONGEST_PAUSE, SocketDriver
from liusheng.server.troubles import no_room, recognition_failed

_log = logging.getLogger(__name__)


class ASRSocket(SocketDriver[Command]):
    """One socket of streaming recognition."""

    def __init__(
        self,
        websocket: WebSocket,
        recognition: Recognition,
        *,
        script: Script,
        limits: Limits,
    ) -> None:
        self._asr = ASRSession(languages=recognition.languages, limits=limits)
        super().__init__(websocket, self._asr, limits.idle_seconds)
        self._recognition = recognition
        self._script = script
        self._stream: RecognitionStream | None = None
        self._packets = PacketReader()
        self._finished = asyncio.Event()

    def execute(self, command: Command) -> None:
        """Do what the session wants done with its recognition."""
        if isinstance(command, Open):
            self._open(command)
        elif self._stream is None:
            return
        elif isinstance(command, Feed):
            self._stream.feed(self._packets.feed(command.data))
        elif isinstance(command, Finish):
            self._finished.clear()
            self._stream.finish()
        elif isinstance(command, Abandon):
            self._stream.abandon()
            self._stream = None

    async def room(self) -> None:
        """Wait while too much audio is queued, or while the final is awaited."""
        if self._asr.awaits_client:
            if self._stream:
                await self._stream.room(LONGEST_PAUSE)
        else:
            await at_most(self._finished, LONGEST_PAUSE)

    def _open(self, command: Open) -> None:
        structlog.contextvars.bind_contextvars(session=command.session)
        self._packets = PacketReader()
        params = StreamParams(lang=command.lang, script=self._script)
        try:
            stream = self._recognition.open(params, self._update, self._finish, self._fail)
        except BusyError as error:
            _log.warning("refused: %s", error)
            self._asr.refused(no_room("recognition", error))
        else:
            self._stream = stream
            self._asr.opened(self._recognition.model_for(command.lang))

    def _update(self, closed: tuple[Utterance, ...], partial: Partial) -> None:
        self._asr.updated(closed, partial.index, partial.text, partial.stable)

    def _finish(self) -> None:
        self._stream = None
        self._asr.finished()
        self._finished.set()
        self.progress()

    def _fail(self, error: Exception) -> None:
        _log.error("recognition of session %s failed: %s", self._asr.id, error)
        self._stream = None
        self._asr.failed(recognition_failed())
        self._finished.set()
        self.progress()
