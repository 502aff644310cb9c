"""Streaming recognition over a WebSocket."""

from __future__ import annotations

import asyncio
import logging

import structlog
from starlette.websockets import WebSocket

from liusheng.asr.capabilities import NotSupportedError
from liusheng.asr.types import Partial, Script, Utterance
from liusheng.protocol.asr import Limits
from liusheng.protocol.asr_commands import Abandon, AsrCommand, Feed, Finish, Open
from liusheng.protocol.asr_session import ASRSession
from liusheng.protocol.errors import ProtocolError
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.errors import BusyError
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.runtime.workers.timeouts import wait_for_event
from liusheng.server.audio_input import AudioInput, open_audio_input
from liusheng.server.errors import not_supported, recognition_failed, server_busy
from liusheng.server.stream_params import stream_params
from liusheng.server.websocket.driver import MAX_BACKLOG, MAX_PAUSE, SocketDriver

_log = logging.getLogger(__name__)


class ASRSocket(SocketDriver[AsrCommand]):
    """One WebSocket of streaming recognition. script: of Chinese text."""

    def __init__(
        self,
        websocket: WebSocket,
        recognition: RecognitionService,
        decoding: DecodingService,
        *,
        script: Script,
        limits: Limits,
    ) -> None:
        self._asr = ASRSession(languages=recognition.languages, limits=limits)
        super().__init__(websocket, self._asr, limits.idle_seconds)
        self._recognition = recognition
        self._decoding = decoding
        self._script = script
        self._stream: RecognitionStream | None = None
        self._input: AudioInput | None = None
        self._finished = asyncio.Event()
        self._opening: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve the WebSocket until it is closed."""
        try:
            await super().run()
        finally:
            if self._opening:
                self._opening.cancel()

    def execute(self, command: AsrCommand) -> None:
        """Execute a command of the session."""
        if isinstance(command, Open):
            self._open(command)
        elif self._input is None:
            return
        elif isinstance(command, Feed):
            self._input.feed(command.data)
        elif isinstance(command, Finish):
            self._finished.clear()
            self._input.finish()
        elif isinstance(command, Abandon):
            self._input.abandon()
            self._input = None

    async def room(self) -> None:
        """Wait while the audio queue is full, while many replies wait for the final one, or until
        the recognition is opened: what the client sends before that is for it."""
        if self._opening:
            await asyncio.wait({self._opening})
        while self._input and self._asr.awaits_client and not await self._input.room(MAX_PAUSE):
            pass
        while not (self._asr.closed or self._asr.awaits_client):
            if self._asr.backlog <= MAX_BACKLOG or await wait_for_event(self._finished, MAX_PAUSE):
                break

    def _open(self, command: Open) -> None:
        structlog.contextvars.bind_contextvars(session=command.session)
        if self._recognition.admission.queues:
            self._opening = asyncio.create_task(self._open_when_there_is_room(command))
        else:
            self._open_now(command)

    async def _open_when_there_is_room(self, command: Open) -> None:
        try:
            await self._recognition.wait_for_room()
        except BusyError as error:
            self._refuse(error)
        else:
            self._open_now(command)
        self._opening = None
        self.progress()

    def _refuse(self, error: BusyError) -> None:
        _log.warning("refused: %s", error)
        self._asr.refused(server_busy("recognition", error))

    def _open_now(self, command: Open) -> None:
        params = stream_params(command.start, self._script)
        try:
            stream = self._recognition.open(params, self._on_update, self._on_finish, self._on_fail)
        except BusyError as error:
            self._refuse(error)
        except NotSupportedError as error:
            self._asr.refused(not_supported(error))
        else:
            self._stream = stream
            self._input = open_audio_input(
                command.start,
                stream,
                self._decoding,
                self._on_decoded,
                self._on_fail,
            )
            self._asr.opened(self._recognition.model_for(params.lang))

    def _on_decoded(self, seconds: float) -> None:
        self._asr.decoded(seconds)
        self.progress()

    def _on_update(self, closed: tuple[Utterance, ...], partial: Partial) -> None:
        processed = self._stream.covered_seconds if self._stream else None
        self._asr.updated(closed, partial.index, partial.text, partial.stable, processed)

    def _on_finish(self) -> None:
        self._input = None
        self._asr.finished()
        self._finished.set()
        self.progress()

    def _on_fail(self, error: Exception) -> None:
        if self._input:
            # A container is not decoded any further: nothing of it is needed.
            self._input.abandon()
            self._input = None
        if isinstance(error, ProtocolError):
            self._asr.failed(error)
        else:
            _log.error("recognition of session %s failed: %s", self._asr.id, error)
            self._asr.failed(recognition_failed())
        self._finished.set()
        self.progress()
