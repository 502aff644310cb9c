"""A replica in detail: the server's scheduler, its audio, and workers that take time."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from liusheng.asr.options import LiveOptions
from liusheng.asr.types import SAMPLE_RATE
from liusheng.cluster.simulation.clock import Clock
from liusheng.cluster.simulation.costs import BatchCosts
from liusheng.cluster.simulation.figures import percentile
from liusheng.cluster.simulation.talk import Talk
from liusheng.runtime.options import RecognitionServiceOptions
from liusheng.runtime.recognition.capacity import shortage
from liusheng.runtime.recognition.messages import Detection
from liusheng.runtime.recognition.priority import TurnPolicy
from liusheng.runtime.recognition.scheduler import Scheduler
from liusheng.runtime.recognition.stream_audio import MAX_VAD_LAG, StreamAudio, TurnAudio

PACKET = 0.1
"""Seconds of audio in a packet."""

_GRID = 0.3
"""Seconds of speech of which each has its delay: about a token. It is shown as a whole."""

_SILENCE = 0.45
"""Seconds of silence at the end of a stream, as most recordings have."""

_DETECTION = 5 * SAMPLE_RATE
"""Samples that the VAD process takes at most at once."""

_LIVE = LiveOptions()


@dataclass
class _Stream:
    """A speaker.

    shown: the sample up to which speech was shown.
    began, ended: when speaking began and ended.
    done: is called after the last text.
    turns: under way, by number.
    """

    audio: StreamAudio
    talk: Talk
    shown: int = 0
    began: float = 0.0
    ended: float | None = None
    done: Callable[[], None] | None = None
    turns: dict[int, TurnAudio] = field(default_factory=dict)


class DetailedReplica:
    """A replica whose batches the real `Scheduler` chooses, and whose room is that of the real
    admission.

    token_delays: seconds from the end of a piece of speech to the decode that has it.
    final_delays: seconds from the end of a stream to its last text.
    most: streams at once.
    """

    def __init__(
        self,
        clock: Clock,
        costs: BatchCosts,
        *,
        workers: int,
        most: int,
        seed: int = 0,
    ) -> None:
        self._clock = clock
        self._costs = costs
        self._options = RecognitionServiceOptions(max_streams=most)
        self._policy = TurnPolicy.of(self._options, _LIVE)
        self._scheduler: Scheduler[int] = Scheduler(self._policy)
        for test in costs.tests:
            self._scheduler.batch_tested(
                test.weights, test.seconds, final=test.final, stepwise=False
            )
        self._chance = random.Random(seed)
        self._streams: dict[int, _Stream] = {}
        self._idle = set(range(workers))
        self._workers = workers
        self._dead = False
        self._told = 0
        self.token_delays: list[float] = []
        self.final_delays: list[float] = []

    @property
    def sessions(self) -> int:
        """How many streams there are."""
        return len(self._streams)

    @property
    def has_room(self) -> bool:
        """Whether the server would admit another stream."""
        lacking = shortage(
            self._scheduler,
            self._options,
            self._workers,
            self._clock.now,
            upload=False,
            stranded=False,
        )
        return lacking is None

    def open(self, key: int, resent: float = 0.0, shown: float = 0.0) -> None:
        """A speaker comes; see `Replica`."""
        # Speakers do not send at the same moment, and what is in a packet was spoken before.
        offset = self._chance.uniform(0.0, PACKET)
        stream = _Stream(
            StreamAudio(windowed=True),
            Talk(self._chance),
            shown=round(shown * SAMPLE_RATE),
            began=self._clock.now + offset - resent,
        )
        self._streams[key] = stream
        self._scheduler.add(key, stream.audio)
        first = resent + PACKET
        self._clock.after(offset + PACKET, lambda: self._packet(key, stream, first))

    def close(self, key: int, done: Callable[[], None] | None = None) -> None:
        """A speaker falls silent; a moment later the stream ends, and then has its final text."""
        stream = self._streams[key]
        stream.done = done
        stream.talk.stop(stream.audio.speech.end)
        self._clock.after(_SILENCE, lambda: self._finish(key, stream))

    def _finish(self, key: int, stream: _Stream) -> None:
        if self._dead:
            return
        stream.ended = self._clock.now
        self._scheduler.finish(key, self._clock.now)
        self._dispatch()

    def kill(self) -> None:
        """The replica is gone, and whatever it would have done."""
        self._dead = True
        self._streams.clear()

    def delay(self) -> tuple[float, float]:
        """Return the mean and the 95th percentile of the token delays since the last call."""
        delays = self.token_delays[self._told :]
        self._told = self.shown
        if not delays:
            return math.nan, math.nan
        return sum(delays) / len(delays), percentile(delays, 0.95)

    @property
    def shown(self) -> int:
        """How many pieces of speech were shown."""
        return len(self.token_delays)

    def _packet(self, key: int, stream: _Stream, seconds: float = PACKET) -> None:
        if self._dead or stream.ended is not None:
            return
        now = self._clock.now
        stream.audio.append(bytes(2 * round(seconds * SAMPLE_RATE)))
        due = self._scheduler.audio_received(key, now)
        if task := stream.audio.next_detection(0, _DETECTION):
            ticket, pcm = task
            before = stream.audio.speech.end
            found = stream.talk.activity(before, before + len(pcm) // 2)
            stream.audio.detected(ticket, Detection(b"", found))
            due = self._scheduler.speech_detected(key, now) or due
        if due:
            self._dispatch()
        self._clock.after(PACKET, lambda: self._packet(key, stream))

    def _dispatch(self) -> None:
        for worker in sorted(self._idle):
            keys = self._scheduler.take(worker, self._clock.now, self._workers).keys
            if not keys:
                return
            self._begin(worker, keys)

    def _begin(self, worker: int, keys: list[int]) -> None:
        now = self._clock.now
        self._idle.discard(worker)
        turns: list[tuple[int, int]] = []
        windows: list[float] = []
        final = False
        for key in keys:
            stream, number = self._streams[key], self._scheduler.turn(key)
            limit = self._scheduler.turn_limit(key, now)
            turn = stream.audio.next_turn(limit, finishing=stream.ended is not None, resident=False)
            stream.turns[number] = turn
            turns.append((key, number))
            if stream.audio.undecoded or stream.audio.undetected >= MAX_VAD_LAG // 2:
                windows.append(len(turn.pcm) / 2 / SAMPLE_RATE)
                final = final or self._is_final(turn)
        seconds = self._costs.seconds(windows, final=final)
        self._clock.after(seconds, lambda: self._end(worker, turns, seconds))

    def _end(self, worker: int, turns: list[tuple[int, int]], seconds: float) -> None:
        if self._dead:
            return
        now = self._clock.now
        self._scheduler.batch_done(worker, seconds, now)
        for key, number in turns:
            stream = self._streams.get(key)
            if stream is None:
                continue
            turn = stream.turns.pop(number)
            if self._scheduler.is_newest(key, number):
                self._turn_done(key, stream, turn, number)
        self._idle.add(worker)
        self._dispatch()

    def _turn_done(self, key: int, stream: _Stream, turn: TurnAudio, number: int) -> None:
        activity = turn.activity
        assert activity
        now, end, detection = self._clock.now, activity.end, None
        if turn.ticket is not None:
            end = turn.end
            found = stream.talk.activity(activity.end, end)
            detection = Detection(b"", found)
        for closed in activity.closed:
            self._show(stream, closed.speech_start, closed.speech_end)
        final_until = stream.audio.final_until
        needs = end
        if segment := activity.open:
            self._show(stream, segment.speech_start, segment.speech_end)
            long = end - segment.start > _LIVE.trim * SAMPLE_RATE
            needs = end - round(_LIVE.keep * SAMPLE_RATE) if long else segment.start
            needs = max(needs, stream.audio.needs)
            if self._is_final(turn):
                final_until = segment.speech_end
        elif activity.closed:
            final_until = activity.closed[-1].speech_end
        stream.audio.turn_done(turn, needs, final_until, detection)
        self._scheduler.turn_done(key, number, now)
        if turn.last:
            assert stream.ended is not None
            self.final_delays.append(now - stream.ended)
            self._scheduler.remove(key)
            del self._streams[key]
            if stream.done:
                stream.done()

    def _is_final(self, turn: TurnAudio) -> bool:
        """Whether a turn is decoded with a final's care."""
        activity = turn.activity
        assert activity
        paused = activity.open is not None and activity.open.silence >= self._policy.pause
        return turn.last or bool(activity.closed) or paused

    def _show(self, stream: _Stream, start: int, end: int) -> None:
        """Speech between two samples is in a text."""
        piece = round(_GRID * SAMPLE_RATE)
        stream.shown = max(stream.shown, start)
        while stream.shown + piece <= end:
            stream.shown += piece
            spoken = stream.began + stream.shown / SAMPLE_RATE
            self.token_delays.append(self._clock.now - spoken)
