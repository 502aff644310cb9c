"""A scheduler of streams with audio of their own, for tests that are its clock and its workers."""

from __future__ import annotations

from dataclasses import replace

from liusheng.asr.capabilities import Batching
from liusheng.asr.vad.segments import OpenSegment, SpeechActivity, SpeechSegment
from liusheng.runtime.recognition.gathering import TurnWork
from liusheng.runtime.recognition.messages import Detection
from liusheng.runtime.recognition.priority import TurnPolicy
from liusheng.runtime.recognition.scheduler import Scheduler
from liusheng.runtime.recognition.stream_audio import StreamAudio, TurnAudio

POLICY = TurnPolicy(
    batch=4, step_batch=32, max_batch_seconds=1e9, step=8000, interval=4800, pause=3200
)
SECOND = 16_000


def samples(seconds: float) -> int:
    return round(seconds * SECOND)


def speech(end: float, detected: float | None = None, start: float = 0.0) -> SpeechActivity:
    """Somebody speaks from `start` to `end` (seconds)."""
    last = samples(end if detected is None else detected)
    first = samples(start)
    segment = OpenSegment(first, last, first, samples(end), last - samples(end), b"")
    return SpeechActivity(last, first, segment)


def silence(detected: float) -> SpeechActivity:
    return SpeechActivity(samples(detected), samples(detected))


def endpoint(speech_end: float, detected: float) -> SpeechActivity:
    """Somebody spoke until `speech_end`."""
    segment = SpeechSegment(0, samples(speech_end), 0, samples(speech_end))
    return replace(silence(detected), closed=(segment,))


class AudioWithoutVad(StreamAudio):
    """Audio that the VAD process has failed on."""

    without_vad = True


class Schedule(Scheduler[str]):
    """With turns that are known by their stream, on audio of its own. Times are seconds."""

    def __init__(self, policy: TurnPolicy, *, sticky: bool = False) -> None:
        super().__init__(policy, sticky=sticky)
        self.audio: dict[str, StreamAudio] = {}
        self.turns: dict[str, TurnAudio] = {}
        self.work = TurnWork.ADVANCE

    def begin(
        self,
        *keys: str,
        windowed: bool = True,
        vad: bool = False,
        batching: Batching = Batching.ALL,
    ) -> None:
        """Streams begin, of a windowed model or a stepwise one. vad: speech is detected in them."""
        for key in keys:
            made = StreamAudio if vad or not windowed else AudioWithoutVad
            self.audio[key] = made(windowed=windowed)
            self.add(key, self.audio[key], batching=batching)

    def receive(self, key: str, seconds: float, now: float) -> bool:
        self.audio[key].append(bytes(2 * samples(seconds)))
        return self.audio_received(key, now)

    def detect(self, key: str, activity: SpeechActivity, now: float) -> bool:
        ticket, _ = self.audio[key].next_detection(0, 0) or (0, b"")
        assert self.audio[key].detected(ticket, Detection(b"", activity))
        return self.speech_detected(key, now)

    def take(  # type: ignore[override]
        self, worker: int, now: float, workers: int = 1, limit: float = 1e6
    ) -> list[str]:
        """As the scheduler's; what the worker does is in `work`. Turns take so many seconds of new
        audio at most."""
        assigned = super().take(worker, now, workers)
        self.work = assigned.work
        for key in assigned.keys if self.work is not TurnWork.COMPLETE else ():
            self.turns[key] = self.audio[key].next_turn(
                samples(limit), finishing=False, resident=True
            )
        return assigned.keys

    def done(
        self, key: str, now: float, *, step: float | None = None, final_until: float = 0.0
    ) -> None:
        """The turn that the stream took last is done."""
        turn = self.turns[key]
        detection = None
        if turn.ticket is not None:
            detection = Detection(b"", SpeechActivity(turn.end, turn.end))
        needs = 0 if turn.activity and turn.activity.open else turn.end
        self.audio[key].turn_done(turn, needs, samples(final_until), detection)
        self.turn_done(key, self.turn(key), now, None if step is None else samples(step))


def schedule(
    *keys: str, sticky: bool = False, policy: TurnPolicy = POLICY, vad: bool = False
) -> Schedule:
    made = Schedule(policy, sticky=sticky)
    made.begin(*keys, vad=vad)
    return made
