"""A conversation over a WebSocket: a language model answers, and its text is spoken as it comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any

from starlette.websockets import WebSocket

from liusheng.audio.g711 import compress
from liusheng.protocol import realtime
from liusheng.protocol.errors import ProtocolError
from liusheng.protocol.realtime_commands import (
    AskModel,
    BeginSpeech,
    RealtimeCommand,
    Say,
)
from liusheng.protocol.realtime_conversation import ConversationSession
from liusheng.protocol.realtime_history import SpokenSpan
from liusheng.protocol.recognition_commands import RecognitionCommand
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.errors import BusyError
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.synthesis.encoding import AudioOutput
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.runtime.synthesis.speech import Packet, Speech
from liusheng.server.conversation.language_model import LanguageModel
from liusheng.server.errors import internal_error, server_busy, synthesis_error
from liusheng.server.websocket.pacing import PlaybackClock, split_packet
from liusheng.server.websocket.realtime import RealtimeSocket
from liusheng.tts.types import SpeechRequest

_log = logging.getLogger(__name__)

_AHEAD = 2.0
"""Seconds of audio that are sent ahead of its playback: enough for any network, and little to
compute in vain when the user interrupts."""

_PIECE = 0.5
"""Seconds of audio in one event at most."""


class ConversationSocket(RealtimeSocket):
    """One WebSocket of a conversation."""

    def __init__(
        self,
        websocket: WebSocket,
        session: ConversationSession,
        recognition: RecognitionService,
        decoding: DecodingService,
        synthesis: SpeechMaker,
        model: LanguageModel,
        **options: Any,
    ) -> None:
        self._conversation = session
        self._synthesis = synthesis
        self._model = model
        # The response in progress; there is one at a time.
        self._tasks: set[asyncio.Task[None]] = set()
        self._speech: Speech | None = None
        self._unsaid: list[Say] = []  # before its speech begins
        self._playback = PlaybackClock()
        super().__init__(websocket, session, recognition, decoding, **options)

    async def run(self) -> None:
        """Serve the WebSocket until it is closed."""
        try:
            await super().run()
        finally:
            self._stop_response()
            await self._model.close()

    def execute(self, command: RealtimeCommand) -> None:
        """Execute a command of the session."""
        if isinstance(command, RecognitionCommand):
            super().execute(command)
        elif isinstance(command, AskModel):
            self._begin(partial(self._ask, command), command.number)
        elif isinstance(command, BeginSpeech):
            self._unsaid.clear()
            self._begin(partial(self._speak, command), command.number)
        elif isinstance(command, Say):
            if self._speech:
                self._speech.extend(command.text, last=command.last)
            else:
                self._unsaid.append(command)
        else:
            self._stop_response()

    def _begin(self, work: Callable[[], Awaitable[None]], number: int) -> None:
        task = asyncio.create_task(self._answer(work, number))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stop_response(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self._unsaid.clear()
        if self._speech:
            self._speech.cancel()
            self._speech = None
        self._playback.reset()

    async def _answer(self, work: Callable[[], Awaitable[None]], number: int) -> None:
        try:
            await work()
        except ProtocolError as error:
            self._conversation.response_failed(number, error)
        except Exception:
            _log.exception("a response failed")
            self._conversation.response_failed(number, internal_error())
        self.progress()

    async def _ask(self, question: AskModel) -> None:
        reason = "stop"
        answer = self._model.answer(question.messages, question.max_tokens, question.temperature)
        async with aclosing(answer) as parts:
            async for text, finish_reason in parts:
                self._conversation.model_text(question.number, text)
                self.progress()
                reason = finish_reason or reason
        self._conversation.model_done(question.number, reason)

    async def _speak(self, command: BeginSpeech) -> None:
        spoken = command.format
        output = AudioOutput("pcm_s16le", 24_000 if isinstance(spoken, realtime.Pcm) else 8_000)
        try:
            if self._synthesis.queues:
                await self._synthesis.wait_for_room(command.voice)
            text = "".join(said.text for said in self._unsaid)
            request = SpeechRequest(text, command.voice, command.speed, markup=True)
            more = not any(said.last for said in self._unsaid)
            # Without a claim of the client's: the text is the model's, which may take its time.
            speech = self._synthesis.speak(request, output, more=more)
        except BusyError as error:
            _log.warning("refused: %s", error)
            raise server_busy("text", error) from None
        self._speech = speech
        self._unsaid.clear()
        try:
            async for packet in speech.packets():
                for part in split_packet(packet, _PIECE):
                    await asyncio.sleep(self._playback.delay(part.seconds, _AHEAD))
                    await self._send_audio(command, part)
        except Exception as error:
            raise synthesis_error(error) from None
        finally:
            speech.cancel()
            if self._speech is speech:
                self._speech = None
        self._conversation.speech_done(command.number)

    async def _send_audio(self, command: BeginSpeech, part: Packet) -> None:
        data = part.audio
        if not isinstance(command.format, realtime.Pcm):
            law = "mulaw" if isinstance(command.format, realtime.Pcmu) else "alaw"
            data = compress(data, law)  # type: ignore[arg-type]
        spans = tuple(SpokenSpan(*each.span, each.start, each.end) for each in part.marks)
        self._conversation.audio(command.number, data, part.seconds, spans)
        self._playback.sent(part.seconds)
        self.progress()
        # One piece at a time: what is written to the socket cannot be taken back.
        await self.flushed()
