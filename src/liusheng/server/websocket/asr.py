"""Streaming recognition over a WebSocket."""

from __future__ import annotations

import asyncio
import logging

import structlog
from starlette.websockets import WebSocket

from liusheng.asr.capabilities import NotSupportedError
from liusheng.asr.types import Partial, Script, Utterance
from liusheng.protocol.asr import Limits
from liusheng.protocol.asr_session import Abandon, ASRSession, Command, Feed, Finish, Open
from liusheng.protocol.errors import ProtocolError
from liusheng.runtime.recognition.service import BusyError, Recognition
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.runtime.workers.timeouts import at_most
from liusheng.server.audio_input import AudioInput, open_audio_input
from liusheng.server.errors import no_room, not_supported, recognition_failed
from liusheng.server.stream_params import stream_params
from liusheng.server.websocket.driver import LONGEST_PAUSE, MOST_OWED, SocketDriver

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
        self._hearing: AudioInput | None = None
        self._finished = asyncio.Event()

    def execute(self, command: Command) -> None:
        """Do what the session wants done with its recognition."""
        if isinstance(command, Open):
            self._open(command)
        elif self._hearing is None:
            return
        elif isinstance(command, Feed):
            self._hearing.feed(command.data)
        elif isinstance(command, Finish):
            self._finished.clear()
            self._hearing.finish()
        elif isinstance(command, Abandon):
            self._hearing.abandon()
            self._hearing = None

    async def room(self) -> None:
        """Wait while too much audio is queued, or too much is owed that comes after the final."""
        if self._asr.awaits_client:
            if self._hearing:
                await self._hearing.room(LONGEST_PAUSE)
        elif self._asr.backlog > MOST_OWED:
            await at_most(self._finished, LONGEST_PAUSE)

    def _open(self, command: Open) -> None:
        structlog.contextvars.bind_contextvars(session=command.session)
        params = stream_params(command.start, self._script)
        try:
            stream = self._recognition.open(params, self._update, self._finish, self._fail)
        except BusyError as error:
            _log.warning("refused: %s", error)
            self._asr.refused(no_room("recognition", error))
        except NotSupportedError as error:
            self._asr.refused(not_supported(error))
        else:
            self._stream = stream
            self._hearing = open_audio_input(
                command.start,
                stream,
                self._recognition.options.max_queued,
                self._decoded,
                self._fail,
            )
            self._asr.opened(self._recognition.model_for(params.lang))

    def _decoded(self, seconds: float) -> None:
        self._asr.decoded(seconds)
        self.progress()

    def _update(self, closed: tuple[Utterance, ...], partial: Partial) -> None:
        heard = self._stream.covered_seconds if self._stream else None
        self._asr.updated(closed, partial.index, partial.text, partial.stable, heard)

    def _finish(self) -> None:
        self._hearing = None
        self._asr.finished()
        self._finished.set()
        self.progress()

    def _fail(self, error: Exception) -> None:
        self._hearing = None
        if isinstance(error, ProtocolError):
            self._asr.failed(error)
        else:
            _log.error("recognition of session %s failed: %s", self._asr.id, error)
            self._asr.failed(recognition_failed())
        self._finished.set()
        self.progress()
