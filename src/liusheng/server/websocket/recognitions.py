"""The recognitions of one connection, each with a number: from commands to the service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from liusheng.asr.capabilities import NotSupportedError
from liusheng.asr.types import SAMPLE_RATE, Partial, Script, Utterance
from liusheng.asr.vad.segments import SpeechActivity
from liusheng.protocol.errors import CloseCode
from liusheng.protocol.recognition_commands import (
    BeginRecognition,
    DropRecognition,
    EndRecognition,
    FeedRecognition,
    NumberedRecognitionEvents,
    RecognitionCommand,
    SpeechEvents,
)
from liusheng.runtime.claim import Claim
from liusheng.runtime.clock import awake
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.errors import BusyError
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.server.audio_input import AudioInput, open_audio_input
from liusheng.server.errors import no_audio, not_supported, recognition_error, server_busy
from liusheng.server.stream_params import stream_params
from liusheng.server.websocket.driver import MAX_PAUSE, SocketDriver
from liusheng.server.websocket.speech_changes import SpeechChanges
from liusheng.timeouts import wait_for_event

_log = logging.getLogger(__name__)


@dataclass
class _UnderWay:
    """A recognition that was opened. finishing: its audio has ended."""

    stream: RecognitionStream
    audio: AudioInput
    finishing: bool = False


class Recognitions:
    """Executes the commands of a session with several recognitions.

    script: of Chinese text.
    events: the session.
    driver: of the session.
    max_finishing: recognitions whose audio has ended, from which on `room` waits.
    speech: the session again, if it follows who speaks when.
    """

    def __init__(
        self,
        recognition: RecognitionService,
        decoding: DecodingService,
        events: NumberedRecognitionEvents,
        driver: SocketDriver[Any],
        *,
        script: Script,
        max_finishing: int,
        speech: SpeechEvents | None = None,
    ) -> None:
        self._service = recognition
        self._decoding = decoding
        self._events = events
        self._driver = driver
        self._speech = speech
        self._script = script
        self._max_finishing = max_finishing
        self._claim = Claim()
        self._under_way: dict[int, _UnderWay] = {}
        # What was asked of recognitions that wait for a place.
        self._waiting: dict[int, list[RecognitionCommand]] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()  # a recognition

    def execute(self, command: RecognitionCommand) -> None:
        """Execute a command of the session."""
        number = command.number
        if isinstance(command, BeginRecognition):
            self._begin(command)
        elif number in self._waiting:
            self._waiting[number].append(command)
        elif number not in self._under_way:
            return
        elif isinstance(command, FeedRecognition):
            self._under_way[number].audio.feed(command.data)
        elif isinstance(command, EndRecognition):
            self._under_way[number].finishing = True
            self._under_way[number].audio.finish(
                cut_short=command.cut_short, drop_rest=command.drop_rest
            )
        elif isinstance(command, DropRecognition):
            self._drop(number)

    async def room(self, over: Callable[[], bool]) -> None:
        """Wait while an audio queue is full, while too many recognitions are under way, or until
        those that were asked for are opened. over: whether there is nothing to wait for."""
        while not over():
            if self._opening:
                await asyncio.wait(self._opening)
            under_way = list(self._under_way.values())
            if sum(each.finishing for each in under_way) >= self._max_finishing:
                await wait_for_event(self._ended, MAX_PAUSE)
                self._ended.clear()
            elif all([await each.audio.room(MAX_PAUSE) for each in under_way]):
                return

    def close(self) -> None:
        """The connection is over: open nothing more. The session has dropped what is open."""
        for task in self._opening:
            task.cancel()

    def _begin(self, command: BeginRecognition) -> None:
        if self._service.admission.queues and not self._follows:
            self._waiting[command.number] = []
            task = self._driver.start(partial(self._begin_when_there_is_room, command))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        else:
            self._begin_now(command)

    @property
    def _follows(self) -> bool:
        """Whether audio that begins now goes on after that of a recognition which is ending. Of
        several that are, only if their audio was worth their places."""
        ending = sum(each.finishing for each in self._under_way.values())
        return ending == 1 or (ending > 1 and self._claim.until > awake.time())

    async def _begin_when_there_is_room(self, command: BeginRecognition) -> None:
        try:
            await self._service.wait_for_room()
        except BusyError as error:
            self._refuse(command.number, error)
        else:
            self._begin_now(command)
        for each in self._waiting.pop(command.number):
            self.execute(each)
        self._driver.progress()

    def _begin_now(self, command: BeginRecognition) -> None:
        number, start = command.number, command.start
        params = stream_params(start, self._script)
        try:
            stream = self._service.open(
                params,
                partial(self._on_update, number),
                partial(self._on_finish, number),
                partial(self._on_fail, number),
                follows=self._follows,
                claim=self._claim,
            )
        except BusyError as error:
            self._refuse(number, error)
        except NotSupportedError as error:
            self._events.refused(number, not_supported(error))
        else:
            audio = open_audio_input(
                start,
                stream,
                self._decoding,
                partial(self._on_decoded, number),
                partial(self._on_fail, number),
            )
            self._under_way[number] = _UnderWay(stream, audio)
            # The whole connection: its client has to know, and has paused.
            stream.on_give_way = self._on_give_way
            if self._speech:
                changes = SpeechChanges()
                stream.on_speech = partial(self._on_speech, self._speech, number, changes)

    def _refuse(self, number: int, error: BusyError) -> None:
        _log.warning("refused: %s", error)
        self._events.refused(number, server_busy("recognition", error))

    def _drop(self, number: int) -> None:
        self._under_way[number].audio.abandon()
        self._over(number)

    def _over(self, number: int) -> None:
        self._under_way.pop(number, None)
        self._ended.set()

    def _on_decoded(self, number: int, seconds: float) -> None:
        self._events.decoded(number, seconds)
        self._driver.progress()

    def _on_speech(
        self, events: SpeechEvents, number: int, changes: SpeechChanges, activity: SpeechActivity
    ) -> None:
        for speaking, seconds in changes.of(activity):
            if speaking:
                events.speech_started(number, seconds)
            else:
                events.speech_stopped(number, seconds)
        self._driver.progress()

    def _on_update(self, number: int, closed: tuple[Utterance, ...], hypothesis: Partial) -> None:
        if self._speech and number in self._under_way:
            stream = self._under_way[number].stream
            self._speech.covered(number, stream.covered / SAMPLE_RATE)
        self._events.updated(number, closed, hypothesis.index, hypothesis.text, hypothesis.stable)
        self._driver.progress()

    def _on_finish(self, number: int) -> None:
        self._over(number)
        self._events.finished(number)
        self._driver.progress()

    def _on_give_way(self) -> None:
        self._driver.wind_down(no_audio(), CloseCode.TRY_AGAIN_LATER)

    def _on_fail(self, number: int, error: Exception) -> None:
        if number in self._under_way:
            self._drop(number)
        self._events.failed(number, recognition_error(error))
        self._driver.progress()
