"""What one stream of a recogniser pool is due a turn for, since when, and how urgently."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from liusheng.asr.capabilities import Batching
from liusheng.asr.options import LiveOptions
from liusheng.asr.types import SAMPLE_RATE
from liusheng.runtime.options import RecognitionServiceOptions
from liusheng.runtime.recognition.backlog import RealTime
from liusheng.runtime.recognition.stream_audio import MAX_VAD_LAG, StreamAudio


class TurnReason(Enum):
    """What a stream is due a turn for."""

    FINAL = "final"
    """No more audio comes, and the client waits."""
    ENDPOINT = "endpoint"
    """An utterance has ended, and is to be closed."""
    PAUSE = "pause"
    """The speaker pauses: the text is decoded as a final in advance of the endpoint."""
    PARTIAL = "partial"
    """There is new speech to show."""


_TOLERANCE = {
    TurnReason.FINAL: 0.0,
    TurnReason.ENDPOINT: 0.3,
    TurnReason.PAUSE: 0.3,
    TurnReason.PARTIAL: 2.5,
}
"""Seconds that a turn may wait before another reason's is no longer more urgent."""

_STEP_TOLERANCE = 0.3
"""The same for a partial of a stream whose model decodes it step by step."""

_STEP_BATCH = 4
"""How many times as many streams take a step together as windows are decoded together."""


@dataclass(frozen=True)
class TurnPolicy:
    """When streams are due turns, and how many take one together.

    batch: streams in one turn at most.
    step_batch: the same of streams whose models decode them step by step. A step costs little, and
        one in silence next to nothing.
    max_batch_seconds: that a batch of several is expected to take at most.
    step: samples of new audio after which a stream is due a turn of which nothing else is known.
    interval: samples of new speech after which a stream is due a partial.
    pause: samples of silence after which its text is decoded in advance of the endpoint.
    max_turn: samples of new audio that a turn takes at most.
    backlog_turn: the same for backlog, besides an utterance that is longer.
    upload_step: samples of an upload's open utterance after which it is due a partial, which nobody
        reads, so that its queue does not fill.
    """

    batch: int
    step_batch: int
    max_batch_seconds: float
    step: int
    interval: int
    pause: int
    max_turn: int = 20 * SAMPLE_RATE
    backlog_turn: int = 5 * SAMPLE_RATE
    upload_step: int = 15 * SAMPLE_RATE

    @classmethod
    def of(cls, options: RecognitionServiceOptions, live: LiveOptions) -> TurnPolicy:
        """Return the policy for these options."""
        return cls(
            batch=options.batch,
            step_batch=_STEP_BATCH * options.batch,
            max_batch_seconds=options.max_batch_seconds,
            step=round(options.step * SAMPLE_RATE),
            interval=round(live.interval * SAMPLE_RATE),
            pause=round(live.settle * SAMPLE_RATE),
            max_turn=round(options.max_turn * SAMPLE_RATE),
            backlog_turn=round(min(options.backlog_turn, options.max_turn) * SAMPLE_RATE),
            upload_step=round(options.max_queued / 2 * SAMPLE_RATE),
        )


@dataclass
class ScheduledStream:
    """What the scheduler knows of one stream. Times are the caller's clock's, positions samples.

    audio: what came in, what turns have taken, and where speech is in it.
    decoded_until: where its audio ended when its open utterance was last decoded, or began to be.
    settled_until: the end of the speech that was last decoded in a pause, or is being.
    reason, due: what it is due a turn for, and since when.
    finishing: since when its client waits for the final.
    running: what the turn under way is for.
    overtaken: the turn under way that the newest one overtook, if no later one was done since.
    turn: its last one among all turns.
    worker: who took that.
    alone: its next turn is to be its own: one was lost, or is under way beside those of others. So
        of two turns that are lost, one was its own.
    faults: what lost turns say against it, since the last one that was done.
    suspect: one of these turns was its own.
    step: samples of new audio that it is due a turn for; None: the policy's.
    upload: it is a whole file.
    batching: what its model gains from batches.
    prepared: its worker has prepared the turn under way, and does not decode it yet.
    last_audio: when its newest audio came in.
    real_time: where it would be if its audio came as it is spoken.
    """

    audio: StreamAudio
    decoded_until: int = 0
    settled_until: int = 0
    reason: TurnReason | None = None
    due: float = 0.0
    finishing: float | None = None
    running: TurnReason | None = None
    overtaken: int | None = None
    turn: int = 0
    worker: int | None = None
    alone: bool = False
    faults: float = 0.0
    suspect: bool = False
    step: int | None = None
    upload: bool = False
    batching: Batching = Batching.ALL
    prepared: bool = False
    last_audio: float | None = None
    real_time: RealTime = field(default_factory=RealTime)

    def is_backlog(self, now: float) -> bool:
        """Return whether what its next turn takes came faster than it was spoken."""
        return self.upload or now < self._live_from

    @property
    def _live_from(self) -> float:
        return self.real_time.live_from((self.audio.taken - self.audio.origin) / SAMPLE_RATE)

    @property
    def rebuilt_samples(self) -> int:
        """How much audio another worker decodes again, to have what its own has."""
        return self.audio.taken - self.audio.needs

    @property
    def stepwise(self) -> bool:
        """Whether its model decodes it step by step, each at the same cost."""
        return not self.audio.windowed

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks in it, or may, where speech is not detected."""
        return self.stepwise or self.audio.without_vad or self.audio.speech.open is not None

    @property
    def decodes_final(self) -> bool:
        """Whether the turn that it is due is decoded with a final's care."""
        return self.reason is not TurnReason.PARTIAL

    @property
    def waits(self) -> bool:
        """Whether it is due a turn, prepared or not, that no worker decodes."""
        return self.prepared or (self.reason is not None and self.running is None)

    @property
    def can_be_prepared(self) -> bool:
        """Whether the turn that it is due can be prepared, and be decoded with others later."""
        return (
            self.batching is Batching.DECODER
            and self.reason in (TurnReason.PARTIAL, TurnReason.PAUSE)
            and not self.alone
            and not self.audio.without_vad
        )

    def weight(self, policy: TurnPolicy) -> float:
        """Return the seconds of audio that its next turn decodes."""
        audio = self.audio
        if self.stepwise:
            return audio.queued / SAMPLE_RATE
        if audio.patient and audio.speech.closed:
            return audio.closed_samples(policy.backlog_turn) / SAMPLE_RATE
        return audio.kept / SAMPLE_RATE

    @property
    def needs_no_decode(self) -> bool:
        """Whether nothing is decoded in the turn that it is due, as far as can be known."""
        audio = self.audio
        if self.reason not in (TurnReason.FINAL, TurnReason.ENDPOINT) or self.stepwise:
            return False
        return not audio.undecoded and audio.undetected < MAX_VAD_LAG // 2

    def reconsider(self, policy: TurnPolicy, now: float, *, vad_alive: bool) -> bool:
        """Set what a stream is due a turn for; return whether a worker that is free can take it.

        vad_alive: the VAD process works.
        """
        self.audio.patient = vad_alive and self.audio.windowed and self.is_backlog(now)
        reason = self._current_reason(policy)
        if self.prepared and self._is_outdated(reason):
            self.withdraw()
        if reason is not self.reason:
            # A partial that turns out to be the last of an utterance has waited all the same.
            if self.reason is None:
                self.due = now
            self.reason = reason
        return reason is not None and (self.running is None or reason is TurnReason.FINAL)

    def _is_outdated(self, reason: TurnReason | None) -> bool:
        """Whether a turn that was prepared gives way to what is due now."""
        if reason in (None, TurnReason.PARTIAL):
            return False
        # What was prepared in a pause is the final, if nothing was said since.
        closed, segment = self.audio.speech.closed, self.audio.speech.open
        end = closed[-1].speech_end if closed else segment.speech_end if segment else 0
        return self.running is not TurnReason.PAUSE or end > self.settled_until

    def _current_reason(self, policy: TurnPolicy) -> TurnReason | None:
        audio = self.audio
        if audio.missing:
            return None
        if self.finishing is not None and not audio.awaits_vad:
            return TurnReason.FINAL
        if self.stepwise or audio.without_vad:
            step = policy.step if self.step is None else self.step
            if audio.queued >= step:
                return TurnReason.PARTIAL
        if audio.speech.closed:
            return TurnReason.ENDPOINT
        segment = audio.speech.open
        if segment is None:
            return None
        if self.upload:
            waiting = audio.speech.end - max(audio.taken, segment.start)
            return TurnReason.PARTIAL if waiting >= policy.upload_step else None
        if segment.silence >= policy.pause and segment.speech_end > self.settled_until:
            return TurnReason.PAUSE
        decoded = max(self.decoded_until, segment.speech_start)
        return TurnReason.PARTIAL if segment.speech_end - decoded >= policy.interval else None

    def begin(self, turn: int, worker: int, *, shared: bool) -> None:
        """Note what will have been decoded when the turn that begins now is done.

        shared: it is one of several in its batch.
        """
        if self.prepared:
            self.withdraw()
        if self.running is not None:
            self.overtaken = self.turn
        self.turn = turn
        self.worker = worker
        self.alone = shared
        self.running = self.reason
        segment = self.audio.speech.open
        if segment and self.running in (TurnReason.PARTIAL, TurnReason.PAUSE):
            audio = self.audio
            self.decoded_until = audio.received if audio.without_vad else audio.speech.end
        if segment and self.running is TurnReason.PAUSE:
            self.settled_until = segment.speech_end

    def done(self, step: int | None) -> None:
        """The newest turn is done. step: see above."""
        self.running = self.overtaken = self.reason = None
        self.prepared = False
        self.alone = self.suspect = False
        self.faults = 0.0
        self.step = step

    def lost(self) -> None:
        """The newest turn failed."""
        self.withdraw()
        self.alone = True

    def withdraw(self) -> None:
        """The newest turn will not be decoded."""
        self.running = None
        self.prepared = self.alone = False
        self.decoded_until = self.settled_until = 0

    @property
    def waiting_since(self) -> float:
        """Since when it waits for the turn that it is due."""
        since = self.due if self.finishing is None else self.finishing
        return since if self.upload else max(since, self._live_from)

    @property
    def deadline(self) -> float:
        """When the turn that it is due is overdue."""
        assert self.reason is not None
        if self.stepwise and self.reason is TurnReason.PARTIAL:
            # Its steps are to be decoded in any case: put off, they only make its final late.
            return self.waiting_since + _STEP_TOLERANCE
        return self.waiting_since + _TOLERANCE[self.reason]
