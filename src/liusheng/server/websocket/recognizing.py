"""The driver of a connection whose session has recognitions, each with a number."""

from __future__ import annotations

from typing import Protocol, TypeVar

from starlette.websockets import WebSocket

from liusheng.asr.types import Script
from liusheng.protocol.recognition_commands import (
    NumberedRecognitionEvents,
    RecognitionCommand,
    SpeechEvents,
)
from liusheng.protocol.session import DrivenSession
from liusheng.protocol.spoken_texts import without
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.config.limits import LimitSettings
from liusheng.server.websocket.driver import SocketDriver
from liusheng.server.websocket.recognitions import Recognitions

C = TypeVar("C")
C_co = TypeVar("C_co", covariant=True)


class RecognizingSession(DrivenSession[C_co], NumberedRecognitionEvents, Protocol[C_co]):
    """A session whose recognitions have numbers."""


class RecognizingSocket(SocketDriver[C]):
    """One connection.

    recognition: None: the server has none.
    script: of Chinese text.
    speech: the session again, if it follows who speaks when.
    """

    def __init__(
        self,
        websocket: WebSocket,
        session: RecognizingSession[C],
        recognition: RecognitionService | None,
        decoding: DecodingService | None,
        *,
        script: Script,
        limits: LimitSettings,
        speech: SpeechEvents | None = None,
    ) -> None:
        super().__init__(websocket, session, limits.idle_seconds)
        self._events: NumberedRecognitionEvents = session
        self._recognitions: Recognitions | None = None
        if recognition and decoding:
            self._recognitions = Recognitions(
                recognition,
                decoding,
                session,
                self,
                script=script,
                max_finishing=limits.max_recognitions_per_socket,
                speech=speech,
            )

    async def run(self) -> None:
        """Serve the connection until it is closed."""
        try:
            await super().run()
        finally:
            if self._recognitions:
                self._recognitions.close()

    def execute(self, command: C) -> None:
        """Execute a command of the session: those of recognitions."""
        if not isinstance(command, RecognitionCommand):
            return
        if self._recognitions:
            self._recognitions.execute(command)
        else:
            self._events.refused(command.number, without("recognition"))

    async def room(self) -> None:
        """Wait until the next frame may be taken."""
        if self._recognitions:
            await self._recognitions.room(lambda: self._session.closed)
