"""A recognition with its stream and its input; it may outlive the WebSocket that began it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from liusheng.asr.types import Partial, StreamParams, Utterance
from liusheng.protocol import asr
from liusheng.protocol.asr_recognition import RecognitionEvents, RecognitionState
from liusheng.protocol.asr_session import ASRSession
from liusheng.protocol.errors import CloseCode, ProtocolError
from liusheng.runtime.claim import FIRST_SECONDS, Claim
from liusheng.runtime.clock import awake
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.failures import summary
from liusheng.runtime.metering import current_meter
from liusheng.runtime.recognition.checkpoint import StreamCheckpoint
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.audio_input import BEGINNING, AudioInput, InputPlace, open_audio_input
from liusheng.server.errors import no_audio, recognition_failed

_log = logging.getLogger(__name__)


class RecognitionSocket(Protocol):
    """The WebSocket that has a recognition."""

    @property
    def session(self) -> ASRSession: ...

    def progress(self) -> None:
        """Execute the new commands of the session, and send its messages."""

    def wind_down(self, error: ProtocolError, code: CloseCode) -> None:
        """Close after the results of what was received."""


class RunningRecognition:
    """A recognition, on its socket or kept without one.

    socket: that has it; None: its connection broke.
    client: who began it; nobody else may resume it.
    address: from which it was begun.
    on_displaced: called when it loses its place without a socket.
    secret: in the tokens that resume it here; "" if it cannot be resumed.
    settled: set when nothing more is recognised.
    """

    def __init__(
        self,
        service: RecognitionService,
        decoding: DecodingService,
        start: asr.Start,
        params: StreamParams,
        socket: RecognitionSocket,
        client: str,
        *,
        address: str = "",
        claim: Claim | None = None,
        checkpoint: StreamCheckpoint | None = None,
        place: InputPlace = BEGINNING,
    ) -> None:
        """Open the recognition.

        decoding: of containers.
        claim: of the connection to a place.
        checkpoint, place: where one of another server is continued, and where its input begins.

        Raises:
            BusyError, NotSupportedError: see `RecognitionService.open`.
        """
        self.socket: RecognitionSocket | None = socket
        self.client = client
        self.address = address
        self.on_displaced: Callable[[], None] = lambda: None
        self.secret = ""
        self.settled = asyncio.Event()
        self._events: RecognitionEvents = socket.session
        self._state: RecognitionState | None = None
        self._stream = service.open(
            params,
            self._on_update,
            self._on_finish,
            self._on_fail,
            checkpoint=checkpoint,
            claim=claim,
        )
        self._stream.on_give_way = self._on_give_way
        self._input: AudioInput | None = open_audio_input(
            start,
            self._stream,
            decoding,
            self._on_decoded,
            self._on_fail,
            place,
        )

    @property
    def state(self) -> RecognitionState:
        """What its client sees of it."""
        assert self._state is not None
        return self._state

    @property
    def kept_bytes(self) -> int:
        """Bytes of audio in memory."""
        return self._stream.kept_bytes + self._input.buffered if self._input else 0

    @property
    def checkpoint(self) -> StreamCheckpoint | None:
        """Where another server can go on; None: at its beginning."""
        return self._stream.checkpoint

    def place(self, sample: int) -> InputPlace | None:
        """Return where the client's audio begins that another server needs to go on from a sample;
        None: no other one can."""
        return self._input.place(sample) if self._input else None

    # From a socket to another

    def opened(self, state: RecognitionState) -> None:
        """The session has its state."""
        self._state = state

    def detach(self) -> None:
        """Its connection broke: go on without one."""
        self.socket = None
        self._events = self.state

    def attach(self, socket: RecognitionSocket, address: str) -> None:
        """Another socket has it from now on. address: of its client."""
        self.address = address
        self._stream.claim.extend(awake.time(), FIRST_SECONDS)
        self._stream.meter = current_meter.get()
        self.socket = socket
        self._events = socket.session

    # What the client does

    def feed(self, packet: bytes) -> None:
        """Append a packet of audio."""
        if self._input:
            self._input.feed(packet)

    def finish(self) -> None:
        """End the audio."""
        if self._input:
            self._input.finish(cut_short=not self.state.ended)

    def abandon(self) -> None:
        """Drop it."""
        if self._input:
            self._input.abandon()
            self._input = None
        self.settled.set()

    async def room(self, timeout: float) -> bool:
        """Wait for room in the queue, up to `timeout` seconds; return whether there is."""
        return self._input is None or await self._input.room(timeout)

    # What the recogniser reports

    def _on_decoded(self, seconds: float) -> None:
        self._events.decoded(seconds)
        if self._state and self._state.failure:
            self.abandon()
        self._progress()

    def _on_update(self, closed: tuple[Utterance, ...], partial: Partial) -> None:
        processed = self._stream.covered_seconds
        self._events.updated(closed, partial.index, partial.text, partial.stable, processed)

    def _on_finish(self) -> None:
        self._input = None
        self.on_displaced = lambda: None
        self._events.finished()
        self.settled.set()
        self._progress()

    def _on_give_way(self) -> None:
        if self.socket:
            self.socket.wind_down(no_audio(), CloseCode.TRY_AGAIN_LATER)
        else:
            self.on_displaced()

    def _on_fail(self, error: Exception) -> None:
        # A container is not decoded any further: nothing of it is needed.
        self.abandon()
        if isinstance(error, ProtocolError):
            self._events.failed(error)
        else:
            session = self._state.session if self._state else ""
            _log.error("recognition of session %s failed: %s", session, summary(error))
            self._events.failed(recognition_failed())
        self._progress()

    def _progress(self) -> None:
        if self.socket:
            self.socket.progress()
