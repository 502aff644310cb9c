"""`/v1/realtime?intent=transcription`: OpenAI's live recognition over a WebSocket."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from starlette.websockets import WebSocket

from liusheng.asr.types import SAMPLE_RATE, Partial, Script, StreamParams, Utterance
from liusheng.audio.convert import PacketConverter, SampleFormat
from liusheng.protocol import realtime
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.languages import check_language, from_locale
from liusheng.protocol.realtime_commands import Abandon, Command, Feed, Finish, Open
from liusheng.protocol.realtime_session import RealtimeSession
from liusheng.runtime.recognition.service import BusyError, Recognition
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.server.config.settings import LimitSettings
from liusheng.server.errors import no_room, recognition_failed
from liusheng.server.http.openai_common import language_for
from liusheng.server.websocket.driver import LONGEST_PAUSE, SocketDriver

_log = logging.getLogger(__name__)

PATH = "/v1/realtime"


def _converter(format: realtime.Format) -> PacketConverter:  # noqa: A002
    if isinstance(format, realtime.Pcm):
        return PacketConverter("s16le", format.rate, 1, SAMPLE_RATE)
    law: SampleFormat = "mulaw" if isinstance(format, realtime.Pcmu) else "alaw"
    return PacketConverter(law, 8_000, 1, SAMPLE_RATE)


class RealtimeSocket(SocketDriver[Command]):
    """One socket of a transcription session."""

    def __init__(
        self,
        websocket: WebSocket,
        recognition: Recognition,
        *,
        script: Script,
        limits: LimitSettings,
    ) -> None:
        self._realtime = RealtimeSession(
            language=self._lang,
            max_append_bytes=limits.max_packet_bytes,
            max_seconds=limits.max_session_seconds,
            idle_seconds=limits.idle_seconds,
        )
        super().__init__(websocket, self._realtime, limits.idle_seconds)
        self._recognition = recognition
        self._script = script
        self._streams: dict[int, tuple[RecognitionStream, PacketConverter]] = {}
        if websocket.query_params.get("intent") != "transcription":
            self._realtime.stop(
                ProtocolError(
                    ErrorCode.INVALID_FIELD,
                    "Only transcription sessions are served here: connect to "
                    f"{PATH}?intent=transcription.",
                ),
                CloseCode.POLICY,
            )
        self.progress()

    def execute(self, command: Command) -> None:
        """Do what the session wants done with its recognitions."""
        if isinstance(command, Open):
            self._open(command)
        elif command.number not in self._streams:
            return
        elif isinstance(command, Feed):
            stream, converter = self._streams[command.number]
            stream.feed(converter.feed(command.data))
        elif isinstance(command, Finish):
            stream, converter = self._streams[command.number]
            stream.feed(converter.rest())
            stream.finish()
        elif isinstance(command, Abandon):
            stream, _ = self._streams.pop(command.number)
            stream.abandon()

    async def room(self) -> None:
        """Wait while too much audio is queued."""
        streams = [stream for stream, _ in self._streams.values()]
        await asyncio.gather(*(stream.room(LONGEST_PAUSE) for stream in streams))

    def _lang(self, model: str, language: str) -> str:
        code = from_locale(language) if language else ""
        lang = language_for(model, code, self._recognition)
        return check_language(lang, self._recognition.languages, "language")

    def _open(self, command: Open) -> None:
        number = command.number
        try:
            stream = self._recognition.open(
                StreamParams(lang=command.lang, script=self._script),
                partial(self._update, number),
                partial(self._finish, number),
                partial(self._fail, number),
            )
        except BusyError as error:
            _log.warning("refused: %s", error)
            self._realtime.refused(number, no_room("recognition", error))
        else:
            self._streams[number] = stream, _converter(command.format)

    def _update(self, number: int, closed: tuple[Utterance, ...], open_: Partial) -> None:
        self._realtime.updated(number, closed, open_.index, open_.text, open_.stable)
        self.progress()

    def _finish(self, number: int) -> None:
        self._streams.pop(number, None)
        self._realtime.finished(number)
        self.progress()

    def _fail(self, number: int, error: Exception) -> None:
        _log.error("recognition failed: %s", error)
        self._streams.pop(number, None)
        self._realtime.failed(number, recognition_failed())
        self.progress()
