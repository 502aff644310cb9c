"""Streaming recognition over a WebSocket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

import structlog
from starlette.websockets import WebSocket

from liusheng.asr.capabilities import NotSupportedError
from liusheng.asr.types import Script
from liusheng.protocol.asr import Limits, Start
from liusheng.protocol.asr_commands import (
    Abandon,
    AsrCommand,
    Detach,
    Feed,
    Finish,
    Open,
    TakeUp,
)
from liusheng.protocol.asr_recognition import RecognitionState
from liusheng.protocol.asr_session import MAX_TEXT_CHARS, ASRSession
from liusheng.protocol.errors import ProtocolError
from liusheng.runtime.claim import Claim
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.errors import BusyError
from liusheng.runtime.recognition.checkpoint import StreamCheckpoint
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.audio_input import BEGINNING, InputPlace
from liusheng.server.errors import not_supported, server_busy
from liusheng.server.stream_params import stream_params
from liusheng.server.websocket.driver import MAX_PAUSE, SocketDriver
from liusheng.server.websocket.resume_tokens import Carried
from liusheng.server.websocket.resumption import ResumableRecognitions, unknown_session
from liusheng.server.websocket.running_recognition import RunningRecognition
from liusheng.timeouts import wait_for_event

_log = logging.getLogger(__name__)


class ASRSocket(SocketDriver[AsrCommand]):
    """One WebSocket of streaming recognition.

    script: of Chinese text.
    resumable: where recognitions are kept whose connections break.
    client: who is connected; nobody else may resume its recognitions.
    address: of the client.
    on_begin: called when a recognition begins that is not resumed.
    """

    def __init__(
        self,
        websocket: WebSocket,
        recognition: RecognitionService,
        decoding: DecodingService,
        *,
        script: Script,
        limits: Limits,
        resumable: ResumableRecognitions,
        client: str = "",
        address: str = "",
        on_begin: Callable[[], None] = lambda: None,
    ) -> None:
        self.session = ASRSession(
            languages=recognition.languages,
            limits=limits,
            max_text_chars=max(MAX_TEXT_CHARS, resumable.max_request_chars),
        )
        self._limits = limits
        super().__init__(websocket, self.session, limits.idle_seconds)
        self._service = recognition
        self._decoding = decoding
        self._script = script
        self._resumable = resumable
        self._client = client
        self._address = address
        self._on_begin = on_begin
        self._claim = Claim()
        self._recognition: RunningRecognition | None = None
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
        elif isinstance(command, TakeUp):
            self._take_up(command)
        elif self._recognition is None:
            return
        elif isinstance(command, Feed):
            self._recognition.feed(command.data)
        elif isinstance(command, Finish):
            self._recognition.finish()
        elif isinstance(command, Abandon):
            self._recognition.abandon()
            if self.session.recognition is not self._recognition.state:
                self._resumable.forget(self._recognition)
                self._recognition = None
        elif isinstance(command, Detach):
            self._resumable.keep(self._recognition)
            self._recognition = None

    async def room(self) -> None:
        """Wait while the audio queue is full, while many replies wait for the final one, or until
        the recognition is opened: what the client sends before that is for it."""
        if self._opening:
            await asyncio.wait({self._opening})
        recognition, session = self._recognition, self.session
        if recognition is None:
            return
        while session.awaits_client and not await recognition.room(MAX_PAUSE):
            pass
        while not (session.closed or session.awaits_client):
            settled = recognition.settled
            if not self.behind or await wait_for_event(settled, MAX_PAUSE):
                break

    def _open(self, command: Open) -> None:
        structlog.contextvars.bind_contextvars(session=command.session)
        self._on_begin()
        if self._service.admission.queues:
            self._opening = self.start(partial(self._open_when_there_is_room, command))
        else:
            self._open_now(command)

    async def _open_when_there_is_room(self, command: Open) -> None:
        try:
            await self._service.wait_for_room()
        except BusyError as error:
            self._refuse(error)
        else:
            self._open_now(command)
        finally:
            self._opening = None
        self.progress()

    def _refuse(self, error: BusyError) -> None:
        _log.warning("refused: %s", error)
        self.session.refused(server_busy("recognition", error))

    def _open_now(self, command: Open) -> None:
        if self.session.opening != command.session:  # the client has started another one
            return
        opened = self._opened(command.start)
        if opened:
            self._recognition = opened
            lang = stream_params(command.start, self._script).lang
            state = self.session.opened(self._service.model_for(lang))
            opened.opened(state)
            if command.start.resumable:
                state.offers = self._resumable.offers(command.session, opened)

    def _opened(
        self,
        start: Start,
        checkpoint: StreamCheckpoint | None = None,
        place: InputPlace = BEGINNING,
    ) -> RunningRecognition | None:
        """Return a recognition that was opened; None: it was refused."""
        params = stream_params(start, self._script)
        try:
            return RunningRecognition(
                self._service,
                self._decoding,
                start,
                params,
                self,
                self._client,
                address=self._address,
                claim=self._claim,
                checkpoint=checkpoint,
                place=place,
            )
        except BusyError as error:
            self._refuse(error)
        except NotSupportedError as error:
            self.session.refused(not_supported(error))
        return None

    def _take_up(self, command: TakeUp) -> None:
        try:
            taken = self._resumable.take(command.token, self._client, command.finals)
            if isinstance(taken, Carried):
                self._continue(command, taken)
                return
        except ProtocolError as error:
            self.session.refused(error)
            return
        structlog.contextvars.bind_contextvars(session=taken.state.session)
        self._recognition = taken
        taken.attach(self, self._address)
        self.session.resumed(taken.state, command.from_utterance, len(command.finals))

    def _continue(self, command: TakeUp, carried: Carried) -> None:
        """Open the recognition that a client carries from another server.

        Raises:
            ProtocolError: unknown_session; it was made by another model.
        """
        content = carried.content
        lang = stream_params(content.start, self._script).lang
        known = self._service.description.capabilities.get(lang)
        if known is None or known.model != content.model:
            raise unknown_session(self._resumable.settings.seconds)
        structlog.contextvars.bind_contextvars(session=carried.session)
        state = carried.state(self._limits)
        self.session.reopening(state)
        self._opening = self.start(partial(self._restore, command, carried, state))

    async def _restore(self, command: TakeUp, carried: Carried, state: RecognitionState) -> None:
        try:
            await self._resumable.restore(carried, state)
            if self._service.admission.queues:
                await self._service.wait_for_room()
        except ProtocolError as error:
            self.session.refused(error)
        except BusyError as error:
            self._refuse(error)
        else:
            self._continue_now(command, carried, state)
        finally:
            self._opening = None
        self.progress()

    def _continue_now(self, command: TakeUp, carried: Carried, state: RecognitionState) -> None:
        if self.session.opening != carried.session:  # the client has started another one
            return
        content = carried.content
        opened = self._opened(content.start, content.checkpoint, content.place)
        if opened is None:
            return
        self._recognition = opened
        opened.opened(state)
        state.offers = self._resumable.offers(carried.session, opened, command.finals)
        self._resumable.continued += 1
        _log.info("session %s goes on here", carried.session)
        self.session.resumed(state, command.from_utterance, len(command.finals))
