"""Uploads beside live speakers, on simulated time."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liusheng.asr.vad.segments import OpenSegment, SpeechActivity, SpeechSegment
from liusheng.runtime.recognition.backlog import LEAST_SHARE, MOST_CREDIT, BacklogShare, RealTime
from liusheng.runtime.recognition.messages import Detection
from liusheng.runtime.recognition.priority import TurnPolicy
from liusheng.runtime.recognition.scheduler import Scheduler
from liusheng.runtime.recognition.stream_audio import StreamAudio, TurnAudio
from tests.support.examples import examples

SECOND = 16_000
TICK = 0.1
SPEECH, PAUSE = 6.0, 1.0  # of everybody
POLICY = TurnPolicy(
    batch=8, step_batch=32, max_batch_seconds=0.3, step=6400, interval=4800, pause=1920
)


def activity_between(first: int, last: int) -> SpeechActivity:
    """What a detector finds in the audio between two samples of a stream that speaks for `SPEECH`,
    pauses for `PAUSE`, and so on."""
    period, speech = round((SPEECH + PAUSE) * SECOND), round(SPEECH * SECOND)
    endpoint = speech + round(0.8 * SECOND)
    closed = tuple(
        SpeechSegment(at, at + speech, at, at + speech)
        for at in range(max(0, first - period) // period * period, last, period)
        if first < at + endpoint <= last
    )
    began = last // period * period
    if last - began >= endpoint:
        return SpeechActivity(last, last, None, closed)
    end = min(last, began + speech)
    open_segment = OpenSegment(began, last, began, end, last - end, b"")
    return SpeechActivity(last, began, open_segment, closed)


@dataclass
class Stream:
    """A client. lags: how long after it was spoken each part of it was recognised."""

    audio: StreamAudio
    upload: bool = False
    began: float = 0.0
    turn: TurnAudio | None = None
    detected: float = 0.0
    lags: list[float] = field(default_factory=list)


class Simulation:
    """A server with some workers; a second of audio costs `cost` seconds in a decode."""

    def __init__(self, workers: int, cost: float = 0.02) -> None:
        self.now = 0.0
        self.cost = cost
        self.crowding = 1.0
        self.scheduler: Scheduler[int] = Scheduler(POLICY)
        self.streams: dict[int, Stream] = {}
        self.busy: list[tuple[float, float, list[int]] | None] = [None] * workers

    def open(self, *, upload: bool = False) -> int:
        key = len(self.streams)
        self.streams[key] = Stream(StreamAudio(windowed=True), upload, self.now)
        self.scheduler.add(key, self.streams[key].audio, upload=upload)
        return key

    def feed(self, key: int, seconds: float) -> None:
        self.streams[key].audio.append(bytes(2 * round(seconds * SECOND)))
        self.scheduler.audio_received(key, self.now)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += TICK
            detections = 0
            # As the VAD service does: the one that has waited longest comes first.
            for key, stream in sorted(self.streams.items(), key=lambda each: each[1].detected):
                audio = stream.audio
                if not stream.upload:
                    self.feed(key, TICK)
                elif audio.queued < 30 * SECOND:
                    self.feed(key, 5.0)
                if not audio.patient or detections < 2:
                    detections += audio.patient
                    self._detect(key, audio)
            for worker in range(len(self.busy)):
                self._work(worker)

    def _detect(self, key: int, audio: StreamAudio) -> None:
        before = audio.speech.end
        task = audio.next_detection(0, 5 * SECOND)
        if task:
            self.streams[key].detected = self.now
            found = activity_between(before, before + len(task[1]) // 2)
            audio.detected(task[0], Detection(b"", found))
            self.scheduler.speech_detected(key, self.now)

    def _work(self, worker: int) -> None:
        job = self.busy[worker]
        if job:
            done_at, seconds, keys = job
            if done_at > self.now:
                return
            self.scheduler.batch_done(worker, seconds, self.now, seconds / self.crowding)
            for key in keys:
                self._done(key)
            self.busy[worker] = None
        keys = self.scheduler.take(worker, self.now, len(self.busy)).keys
        if not keys:
            return
        windows = []
        for key in keys:
            stream = self.streams[key]
            limit = self.scheduler.turn_limit(key, self.now)
            stream.turn = stream.audio.next_turn(limit, finishing=False, resident=False)
            windows.append(len(stream.turn.pcm) / 2 / SECOND + 2.0)
        seconds = self.cost * (max(windows) + sum(windows))
        self.busy[worker] = self.now + seconds, seconds, keys

    def _done(self, key: int) -> None:
        stream = self.streams[key]
        turn = stream.turn
        assert turn
        assert turn.activity
        detection = None
        end = turn.activity.end
        if turn.ticket is not None:
            end = turn.end
            detection = Detection(b"", activity_between(turn.activity.end, end))
        needs = turn.activity.open.start if turn.activity.open else end
        stream.audio.turn_done(turn, needs, 0, detection)
        self.scheduler.turn_done(key, self.scheduler.turn(key), self.now)
        stream.lags.append(self.now - stream.began - end / SECOND)


def p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * len(values))]


def live_lag(workers: int, speakers: int, uploads: int, cost: float = 0.02) -> float:
    """Return the 95th percentile of the lag of live speakers in seconds."""
    simulation = Simulation(workers, cost)
    for _ in range(uploads):
        simulation.open(upload=True)
    live = []
    for _ in range(speakers):
        simulation.run(0.7)  # so that they do not pause together
        live.append(simulation.open())
    simulation.run(40.0)
    return p95([lag for key in live for lag in simulation.streams[key].lags])


@pytest.mark.parametrize(
    ("workers", "speakers"),
    [(1, 1), (1, 6), (2, 1)]
    + [pytest.param(*each, marks=pytest.mark.slow) for each in ((2, 12), (3, 15))],
)
def test_twenty_uploads_cost_a_live_speaker_half_a_second_at_most(
    workers: int, speakers: int
) -> None:
    quiet = live_lag(workers, speakers, 0)
    assert live_lag(workers, speakers, 20) <= quiet + 0.5


def recognised(simulation: Simulation, keys: list[int]) -> list[float]:
    """Return the seconds of audio that were recognised of each of these streams."""
    return [simulation.streams[key].audio.taken / SECOND for key in keys]


def test_uploads_are_treated_alike_and_use_what_is_spare() -> None:
    simulation = Simulation(2)
    uploads = [simulation.open(upload=True) for _ in range(8)]
    simulation.run(60.0)
    done = recognised(simulation, uploads)
    assert max(done) - min(done) <= 3 * (SPEECH + PAUSE)
    alone = sum(done)
    assert alone > 60 * 2 / (2 * 0.02 * 8.8) * SPEECH * 0.7, "both workers are busy"
    newcomer = simulation.open(upload=True)
    before = recognised(simulation, uploads)
    simulation.run(30.0)
    gained = [now - then for now, then in zip(recognised(simulation, uploads), before, strict=True)]
    assert recognised(simulation, [newcomer])[0] >= min(gained) - 2 * (SPEECH + PAUSE)


def test_uploads_go_on_when_live_speakers_leave_nothing() -> None:
    simulation = Simulation(1, cost=0.05)
    upload = simulation.open(upload=True)
    for _ in range(12):
        simulation.run(0.7)
        simulation.open()
    simulation.run(20.0)
    before = recognised(simulation, [upload])[0]
    simulation.run(100.0)
    gained = recognised(simulation, [upload])[0] - before
    turns = gained / (SPEECH + PAUSE)
    spent = turns * 2 * 0.05 * (SPEECH + 0.8 + 2)
    assert spent == pytest.approx(LEAST_SHARE * 100, rel=0.5)


def test_uploads_take_no_core_from_a_speaker_where_others_use_the_cores() -> None:
    """Workers get half a core each: a second batch would slow the first one down."""

    def both_at_once(crowding: float) -> int:
        """Return how often an upload was decoded beside a speaker."""
        simulation = Simulation(2)
        simulation.crowding = crowding
        simulation.open(upload=True)
        simulation.open()
        count = 0
        for _ in range(200):
            simulation.run(TICK)
            count += all(simulation.busy)
        return count

    assert both_at_once(3.0) < both_at_once(1.0) / 2


def test_uploads_count_in_the_interval_that_is_foreseen() -> None:
    def foreseen(uploads: int) -> float:
        simulation = Simulation(1)
        for _ in range(uploads):
            simulation.open(upload=True)
        for _ in range(8):
            simulation.run(0.7)
            simulation.open()
        simulation.run(30.0)
        return simulation.scheduler.interval(1, simulation.now)

    assert 0 < foreseen(0) < foreseen(5) < 1.5 * foreseen(0)


def test_what_a_client_sends_ahead_of_real_time_is_backlog() -> None:
    simulation = Simulation(1)
    speaker, hasty = simulation.open(), simulation.open()
    simulation.feed(hasty, 30.0)
    simulation.run(60.0)
    stream = simulation.scheduler._streams[hasty]
    assert not stream.is_backlog(simulation.now) or stream.audio.taken > 60 * SECOND
    assert p95(simulation.streams[speaker].lags) < 1.0


def test_nobody_is_ahead_who_makes_up_for_a_stalled_network() -> None:
    clock = RealTime()
    clock.received(0.1, 0.0)
    clock.received(20.0, 20.0)
    assert clock.live_from(20.0) <= 20.0
    clock.received(60.0, 60.0)
    assert clock.live_from(60.0) <= 60.0
    clock.received(60.1, 1000.0)  # a pause of a quarter of an hour
    clock.received(160.0, 1000.0)
    assert clock.live_from(90.0) <= 1000.0
    assert clock.live_from(160.0) == pytest.approx(1000.0 + 100.0 - 30.0 - 5.0, abs=0.2)


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 3), st.booleans()), max_size=50))
def test_the_share_of_backlog_is_bounded(events: list[tuple[float, float, bool]]) -> None:
    share, now, spent, waited = BacklogShare(), 0.0, 0.0, 0.0
    share.pass_time(now, 2, waits=True)
    for seconds, cost, waits in events:
        now += seconds
        waited += seconds if waits else 0.0
        share.pass_time(now, 2, waits=waits)
        if share.allows(cost):
            share.spend(cost)
            spent += cost
        # A batch may be longer than all that was saved.
        assert spent <= 2 * LEAST_SHARE * waited + 3.0 + 2.0


@given(seed=st.integers(0, 1000), workers=st.integers(1, 3))
@settings(deadline=None, max_examples=examples(5))
def test_in_any_mix_nothing_starves(seed: int, workers: int) -> None:
    chance = random.Random(seed)
    simulation = Simulation(workers, cost=chance.uniform(0.005, 0.025))
    for _ in range(chance.randint(2, 8)):
        simulation.open(upload=chance.random() < 0.5)
        simulation.run(chance.uniform(0.0, 3.0))
    counts = [len(stream.lags) for stream in simulation.streams.values()]
    uploads = sum(stream.upload for stream in simulation.streams.values())
    turn = 2 * simulation.cost * (SPEECH + 0.8 + 2.0)
    debt = MOST_CREDIT  # of what uploads had while there was time to spare
    simulation.run(10.0 + 1.5 * (debt + (uploads + 1) * turn) / (LEAST_SHARE * workers))
    for before, stream in zip(counts, simulation.streams.values(), strict=True):
        assert len(stream.lags) > before
