"""`/v1/realtime`: OpenAI's live recognition over a WebSocket, alone or in a conversation."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from starlette.websockets import WebSocket

from liusheng.asr.capabilities import NotSupportedError
from liusheng.asr.types import SAMPLE_RATE, Partial, Script, StreamParams, Utterance
from liusheng.asr.vad.segments import SpeechActivity
from liusheng.audio.convert import PacketConverter
from liusheng.protocol import realtime
from liusheng.protocol.realtime_commands import (
    FeedRecognition,
    FinishRecognition,
    OpenRecognition,
    RealtimeCommand,
    RecognitionCommand,
)
from liusheng.protocol.realtime_session import RealtimeSession
from liusheng.runtime.errors import BusyError
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.runtime.workers.timeouts import wait_for_event
from liusheng.server.audio_input import sample_converter
from liusheng.server.config.limits import LimitSettings
from liusheng.server.errors import not_supported, recognition_error, server_busy
from liusheng.server.websocket.driver import MAX_PAUSE, SocketDriver
from liusheng.server.websocket.speech_changes import SpeechChanges

_log = logging.getLogger(__name__)


def _converter(audio_format: realtime.Format) -> PacketConverter:
    if isinstance(audio_format, realtime.Pcm):
        return sample_converter("pcm_s16le", audio_format.rate, 1)
    law = "pcm_mulaw" if isinstance(audio_format, realtime.Pcmu) else "pcm_alaw"
    return sample_converter(law, 8_000, 1)


class RealtimeSocket(SocketDriver[RealtimeCommand]):
    """One WebSocket of a session: what is said in it is recognised.

    session: of the WebSocket.
    script: of Chinese text.
    """

    def __init__(
        self,
        websocket: WebSocket,
        session: RealtimeSession,
        recognition: RecognitionService,
        *,
        script: Script,
        limits: LimitSettings,
    ) -> None:
        self._realtime = session
        super().__init__(websocket, self._realtime, limits.idle_seconds)
        self._recognition = recognition
        self._script = script
        self._max_recognitions = limits.max_recognitions_per_socket
        self._ended = asyncio.Event()  # a recognition
        self._streams: dict[int, tuple[RecognitionStream, PacketConverter]] = {}
        # What was asked of recognitions that wait for a place.
        self._waiting: dict[int, list[RecognitionCommand]] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self.progress()

    async def run(self) -> None:
        """Serve the WebSocket until it is closed."""
        try:
            await super().run()
        finally:
            for task in self._opening:
                task.cancel()

    def execute(self, command: RealtimeCommand) -> None:
        """Execute a command of the session."""
        if isinstance(command, RecognitionCommand):
            self._recognise(command)

    def _recognise(self, command: RecognitionCommand) -> None:
        if isinstance(command, OpenRecognition):
            self._open(command)
        elif command.number in self._waiting:
            self._waiting[command.number].append(command)
        elif command.number not in self._streams:
            return
        elif isinstance(command, FeedRecognition):
            stream, converter = self._streams[command.number]
            stream.feed(converter.feed(command.data))
        elif isinstance(command, FinishRecognition):
            stream, converter = self._streams[command.number]
            stream.feed(converter.rest())
            stream.finish()
        else:
            stream, _ = self._streams.pop(command.number)
            stream.abandon()

    async def room(self) -> None:
        """Wait while an audio queue is full, while too many recognitions are under way, or until
        those that were asked for are opened."""
        while not self._realtime.closed:
            if self._opening:
                await asyncio.wait(self._opening)
            streams = [stream for stream, _ in self._streams.values()]
            if sum(each.finishing for each in streams) >= self._max_recognitions:
                await wait_for_event(self._ended, MAX_PAUSE)
                self._ended.clear()
            elif all([await stream.room(MAX_PAUSE) for stream in streams]):
                return

    def _open(self, command: OpenRecognition) -> None:
        if self._recognition.admission.queues:
            self._waiting[command.number] = []
            task = self.start(partial(self._open_when_there_is_room, command))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        else:
            self._open_now(command)

    async def _open_when_there_is_room(self, command: OpenRecognition) -> None:
        try:
            await self._recognition.wait_for_room()
        except BusyError as error:
            self._refuse(command.number, error)
        else:
            self._open_now(command)
        for each in self._waiting.pop(command.number):
            self._recognise(each)
        self.progress()

    def _refuse(self, number: int, error: BusyError) -> None:
        _log.warning("refused: %s", error)
        self._realtime.refused(number, server_busy("recognition", error))

    def _open_now(self, command: OpenRecognition) -> None:
        number = command.number
        try:
            stream = self._recognition.open(
                StreamParams(
                    lang=command.lang,
                    script=self._script,
                    hotwords=command.hotwords,
                    endpoint=command.endpoint,
                ),
                partial(self._on_update, number),
                partial(self._on_finish, number),
                partial(self._on_fail, number),
            )
        except BusyError as error:
            self._refuse(number, error)
        except NotSupportedError as error:
            self._realtime.refused(number, not_supported(error))
        else:
            self._streams[number] = stream, _converter(command.format)
            stream.on_speech = partial(self._on_speech, number, SpeechChanges())

    def _on_speech(self, number: int, changes: SpeechChanges, activity: SpeechActivity) -> None:
        for speaking, seconds in changes.of(activity):
            if speaking:
                self._realtime.speech_started(number, seconds)
            else:
                self._realtime.speech_stopped(number, seconds)
        self.progress()

    def _on_update(self, number: int, closed: tuple[Utterance, ...], hypothesis: Partial) -> None:
        stream, _ = self._streams.get(number, (None, None))
        covered = stream.covered / SAMPLE_RATE if stream else 0.0
        self._realtime.updated(
            number, closed, hypothesis.index, hypothesis.text, hypothesis.stable, covered
        )
        self.progress()

    def _on_finish(self, number: int) -> None:
        self._streams.pop(number, None)
        self._ended.set()
        self._realtime.finished(number)
        self.progress()

    def _on_fail(self, number: int, error: Exception) -> None:
        self._streams.pop(number, None)
        self._ended.set()
        self._realtime.failed(number, recognition_error(error))
        self.progress()
