"""The driver of a connection that has both recognitions and texts to synthesise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from starlette.websockets import WebSocket

from liusheng.asr.types import Script
from liusheng.protocol import tts
from liusheng.protocol.errors import ProtocolError
from liusheng.protocol.recognition_commands import RecognitionCommand
from liusheng.protocol.tts_commands import CancelText, ExtendText, StartText, TtsCommand
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.config.limits import LimitSettings
from liusheng.server.websocket.recognizing import RecognizingSession, RecognizingSocket
from liusheng.server.websocket.speeches import Speeches

TwoWayCommand = RecognitionCommand | TtsCommand


class TwoWaySession(RecognizingSession[TwoWayCommand], Protocol):
    """A session whose recognitions and texts have numbers of their own."""

    def audio(self, number: int, audio: bytes, marks: Sequence[tts.Mark] | None = None) -> None:
        """A packet of a text's audio."""

    def spoken(self, number: int, *, silent: bool) -> None:
        """A text is synthesised."""


class TwoWaySocket(RecognizingSocket[TwoWayCommand]):
    """One connection.

    recognition, synthesis: None: the server has none.
    script: of Chinese text.
    encode: makes the client's audio of 16-bit PCM.
    """

    def __init__(
        self,
        websocket: WebSocket,
        session: TwoWaySession,
        recognition: RecognitionService | None,
        decoding: DecodingService | None,
        synthesis: SpeechMaker | None,
        *,
        script: Script,
        limits: LimitSettings,
        encode: Callable[[bytes], bytes] = bytes,
    ) -> None:
        super().__init__(websocket, session, recognition, decoding, script=script, limits=limits)
        self._speeches: Speeches | None = None
        if synthesis:
            events = _Spoken(session, encode)
            self._speeches = Speeches(synthesis, events, self)

    def execute(self, command: TwoWayCommand) -> None:
        """Execute a command of the session."""
        if isinstance(command, StartText | ExtendText | CancelText):
            if self._speeches:
                self._speeches.execute(command)
        else:
            super().execute(command)


class _Spoken:
    """The events of `Speeches` for such a session."""

    def __init__(self, session: TwoWaySession, encode: Callable[[bytes], bytes]) -> None:
        self._session = session
        self._encode = encode

    @property
    def id(self) -> str:
        return self._session.id

    def audio(self, number: int, audio: bytes, marks: Sequence[tts.Mark] | None = None) -> None:
        self._session.audio(number, self._encode(audio), marks)

    def finished(
        self, number: int, *, silent: bool = False, skipped: Sequence[tts.Skipped] = ()
    ) -> None:
        self._session.spoken(number, silent=silent)

    def failed(self, number: int, error: ProtocolError) -> None:
        self._session.failed(number, error)
