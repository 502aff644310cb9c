"""One recognition under way, as its client sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from liusheng.asr.types import SAMPLE_RATE, Partial, StreamParams, Utterance
from liusheng.asr.vad.segments import SpeechActivity
from liusheng.runtime.claim import Claim
from liusheng.runtime.clock import awake
from liusheng.runtime.metering import current_meter
from liusheng.runtime.recognition.checkpoint import StreamCheckpoint
from liusheng.runtime.recognition.stream_audio import BYTES_PER_SAMPLE, StreamAudio
from liusheng.timeouts import wait_for_event

_LITTLE_SECONDS = 1.0  # of audio: a turn waits for more


class StreamOwner(Protocol):
    """What a stream reports to."""

    def audio_received(self, stream: RecognitionStream) -> None:
        """Audio came in."""

    def finish(self, stream: RecognitionStream) -> None:
        """No more audio comes."""

    def remove(self, stream: RecognitionStream) -> None:
        """The stream is abandoned."""

    def give_way(self, stream: RecognitionStream) -> None:
        """Another session has the stream's place from now on."""


class RecognitionStream:
    """One recognition. Everything happens on the event loop; nothing here blocks.

    state: the recogniser's, as of the last turn; None before the first one.
    state_saved: it is that of a checkpoint (see `TurnRequest.saved`).
    checkpoint: where another server can continue it: the newest turn that closed utterances, or
        where it was continued itself; None: there is none.
    holder: the worker that took the last turn and has what the recogniser keeps in its process.
    covered: the newest texts cover the stream up to this sample.
    upload: it is of a whole file.
    claim: of its connection to a place, on the clock `awake`; a new one if there is none.
    undecoded: there is something of its container that is not decoded, or no decoder yet.
    complete: its client has sent all of a container.
    leaving: another session has its place: it ends with the text of what was received.
    finished: when `finish` was called, on the owner's clock.
    meter: of the request that it belongs to.
    over: it finished, failed or was abandoned; audio that still comes is dropped.
    on_update: called with each newly closed utterance and the newest partial.
    on_finish: called once, when `finish` was and everything is closed.
    on_failure: called once instead, with what happened, when the recognition is lost.
    on_give_way: called once, when it is to leave its place: whoever has the stream ends it. None:
        it fails with `GaveWayError`.
    on_speech: called with what was detected, when more was, for models that go by it; None: nobody
        asks.
    """

    def __init__(
        self,
        owner: StreamOwner,
        params: StreamParams,
        on_update: Callable[[tuple[Utterance, ...], Partial], None],
        on_finish: Callable[[], None],
        on_failure: Callable[[Exception], None],
        *,
        windowed: bool,
        max_queued: float,
        upload: bool = False,
        checkpoint: StreamCheckpoint | None = None,
        claim: Claim | None = None,
    ) -> None:
        self._owner = owner
        self._max_queued = max_queued
        self.meter = current_meter.get()
        self.params = params
        self.on_update = on_update
        self.on_finish = on_finish
        self.on_failure = on_failure
        self.on_give_way: Callable[[], None] | None = None
        self.on_speech: Callable[[SpeechActivity], None] | None = None
        self.audio = StreamAudio(
            windowed=windowed, resumed=checkpoint.audio if checkpoint else None
        )
        self.checkpoint = checkpoint
        self.state = checkpoint.state if checkpoint else None
        self.state_saved = checkpoint is not None
        self.holder: int | None = None
        self.covered = 0
        self.upload = upload
        self.claim = claim or Claim()
        self.claim.begin(awake.time())
        if checkpoint:
            self.claim.renew(awake.time())
        self.undecoded = False
        self.complete = False
        self.leaving = False
        self.finishing = False
        self.finished: float | None = None
        self.over = False
        self._has_room = asyncio.Event()
        self._has_room.set()

    @property
    def queued_seconds(self) -> float:
        """Of audio that no turn has taken in yet."""
        return self.audio.queued / SAMPLE_RATE

    @property
    def waits(self) -> bool:
        """Whether it waits for its client. A whole file is there already."""
        if self.upload or self.finishing or self.leaving or self.over:
            return False
        here = self.undecoded or self.complete
        return not here and self.queued_seconds < _LITTLE_SECONDS

    def give_way(self) -> None:
        """Leave its place to another session."""
        self._owner.give_way(self)

    @property
    def kept_bytes(self) -> int:
        """Bytes of its audio in memory."""
        return BYTES_PER_SAMPLE * self.audio.kept

    @property
    def covered_seconds(self) -> float:
        """Of the stream that the newest texts cover, silence included."""
        covered = max(self.covered, self.audio.taken) if self.audio.windowed else self.covered
        return covered / SAMPLE_RATE

    @property
    def received_seconds(self) -> float:
        """Of audio so far."""
        return self.audio.received / SAMPLE_RATE

    def feed(self, pcm: bytes) -> None:
        """Add audio: PCM16, 16 kHz, mono, whole samples."""
        if self.over or self.finishing or not pcm:
            return
        seconds = len(pcm) / (BYTES_PER_SAMPLE * SAMPLE_RATE)
        self.claim.audio(seconds, awake.time())
        self.audio.append(pcm)
        self.meter.audio_received(seconds)
        self.update_room()
        self._owner.audio_received(self)

    def expect(self) -> None:
        """Audio is to come: the beginning of a container was received, and is being decoded."""
        self.claim.expect()

    def finish(self) -> None:
        """No more audio comes."""
        if self.over:
            return
        if self.audio.missing:
            # Its client ends before what it had sent to another server: there is no more to say.
            self.audio.append(bytes(BYTES_PER_SAMPLE * self.audio.missing))
        self.finishing = True
        self._owner.finish(self)

    def abandon(self) -> None:
        """Drop the stream; no callback is called from now on."""
        self._owner.remove(self)

    def release(self) -> None:
        """Call nobody from now on, and refer to nobody: whoever has the stream refers to it, and
        would be freed with it by the garbage collector only."""
        self.on_update = lambda closed, partial: None
        self.on_finish = lambda: None
        self.on_failure = lambda error: None
        self.on_give_way = self.on_speech = None

    async def room(self, timeout: float | None = None) -> bool:
        """Wait until more audio may be fed without piling up, or until the stream is over; return
        whether that is so.

        timeout: seconds that the wait may take; None: there is no limit.
        """
        return await wait_for_event(self._has_room, timeout)

    def tell_speech(self) -> None:
        """Tell who asks what was detected."""
        if self.on_speech and not self.over:
            self.on_speech(self.audio.speech)

    def update_room(self) -> None:
        """The audio has changed: let the client go on, or wait."""
        if self.over or self.queued_seconds < self._max_queued:
            self._has_room.set()
        else:
            self._has_room.clear()
