"""Recognition over real worker processes that raise, die and hang."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from liusheng.asr.options import AsrOptions
from liusheng.asr.types import Partial, StreamParams, Utterance
from liusheng.runtime.claim import FIRST_SECONDS, HEADER_SECONDS, LONGEST_SECONDS
from liusheng.runtime.errors import BusyError
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions
from liusheng.runtime.recognition.scheduler import Scheduler
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.runtime.self_tests import SelfTestResults
from liusheng.runtime.workers.hang import call_limit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("fakes", "warm"),
    pytest.mark.asyncio(loop_scope="module"),
]


@asynccontextmanager
async def running(
    *,
    workers: int = 1,
    timeout: float = 120.0,
    sticky: bool = False,
    clock: Callable[[], float] = time.monotonic,
    self_tests: SelfTestResults | None = None,
    **options: Any,
) -> AsyncIterator[RecognitionService]:
    models: Any = ["sticky"] if sticky else []  # what the fake takes for its models
    recognition = RecognitionService(
        models,
        AsrOptions(),
        RecognitionServiceOptions(**({"step": 0.0001} | options)),
        PoolOptions(workers=workers, call_timeout=timeout),
        factory="tests.support.fake_handlers.echo",
        clock=clock,
        self_tests=self_tests,
    )
    await recognition.start()
    try:
        yield recognition
    finally:
        await recognition.stop()


class Client:
    """A stream and all that comes back from it."""

    def __init__(
        self, recognition: RecognitionService, *, upload: bool = False, follows: bool = False
    ) -> None:
        self.closed: list[Utterance] = []
        self.partial = Partial(0)
        self.updated = asyncio.Event()
        self.over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.stream: RecognitionStream = recognition.open(
            StreamParams(),
            self._update,
            lambda: self.over.set_result("finished"),
            self._fail,
            upload=upload,
            follows=follows,
        )

    def _update(self, closed: tuple[Utterance, ...], partial: Partial) -> None:
        self.closed += closed
        self.partial = partial
        self.updated.set()

    def _fail(self, error: Exception) -> None:
        self.over.set_result(f"failed: {error}")

    def say(self, text: str) -> None:
        self.stream.feed(text.encode().ljust(len(text) + 2 - len(text) % 2))

    async def end(self) -> str:
        self.stream.finish()
        outcome = await asyncio.wait_for(self.over, 60)
        return " ".join(utterance.text for utterance in self.closed) or outcome


async def test_streams_are_recognised() -> None:
    async with running(workers=2) as recognition:
        assert recognition.languages == {"zh"}
        assert recognition.model_for("auto") == "echo"
        assert len(recognition.pids) == 2
        clients = [Client(recognition) for _ in range(10)]
        for number, client in enumerate(clients):
            client.say(f"one {number}")
            client.say("two")
        assert await asyncio.gather(*(client.end() for client in clients)) == [
            f"one {number} two" for number in range(10)
        ]


async def test_a_turn_states_whether_others_wait() -> None:
    async with running(batch=1) as recognition:
        first, *others = (Client(recognition) for _ in range(8))
        first.say("sleep")
        await asyncio.sleep(0.1)
        for client in others:
            client.say("spare?")
        await asyncio.gather(*(client.updated.wait() for client in others))
        heard = [client.partial.text for client in others]
        assert (heard[0], heard[-1]) == ("busy", "spare")
        for client in (first, *others):
            client.stream.abandon()


async def test_backlog_that_was_put_off_needs_no_other_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_off = iter([True] * 6)
    original = Scheduler._has_spare

    def has_spare(*args: Any) -> bool:
        return not next(put_off, False) and original(*args)

    monkeypatch.setattr(Scheduler, "_has_spare", has_spare)
    async with running(workers=2) as recognition:
        client = Client(recognition, upload=True)
        client.say("one")
        assert await client.end() == "one"


class BrokenClient(Client):
    """A session that cannot take its results."""

    def _update(self, closed: tuple[Utterance, ...], partial: Partial) -> None:
        raise RuntimeError("broken")


async def test_a_session_that_fails_on_its_result_costs_no_other_session() -> None:
    async with running(workers=1) as recognition:
        blocker = Client(recognition)
        blocker.say("sleep")
        await asyncio.sleep(0.1)
        broken, other = BrokenClient(recognition), Client(recognition)  # one batch after it
        broken.say("one")
        other.say("two")
        assert await asyncio.wait_for(broken.over, 60) == "failed: broken"
        assert await other.end() == "two"
        blocker.stream.abandon()


async def test_a_session_that_fails_on_its_turn_costs_no_other_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fault(*args: object, **options: object) -> None:
        raise RuntimeError("a fault")

    async with running(workers=1) as recognition:
        faulty, client = Client(recognition), Client(recognition)
        monkeypatch.setattr(faulty.stream.audio, "next_turn", fault)
        faulty.say("one")
        client.say("two")
        assert await faulty.end() == "failed: a fault"
        assert await client.end() == "two"
        assert recognition.streams == 0


async def test_partials_arrive_without_a_request() -> None:
    async with running() as recognition:
        client = Client(recognition)
        client.say("hello")
        await asyncio.wait_for(client.updated.wait(), 120)
        assert client.partial.text == "hello"
        client.stream.abandon()


async def test_a_turn_takes_only_so_much_and_nothing_is_lost() -> None:
    async with running(max_turn=6 / 16_000) as recognition:
        client = Client(recognition)
        for _ in range(50):
            client.say("abcde")
        assert await client.end() == " ".join(["abcde"] * 50)


async def test_a_worker_that_dies_costs_nobody_a_word(tmp_path: Path) -> None:
    async with running(workers=1) as recognition:
        (before,) = recognition.pids
        clients = [Client(recognition) for _ in range(3)]
        for client in clients:
            client.say("one")
        clients[1].say(f"die-once={tmp_path / 'died'}")
        texts = await asyncio.gather(*(client.end() for client in clients))
        assert texts == ["one", f"one die-once={tmp_path / 'died'}", "one"]
        assert recognition.pids != [before]


async def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    async with running(timeout=1.0) as recognition:
        client = Client(recognition)
        client.say(f"hang-once={tmp_path / 'hung'}")
        assert await client.end() == f"hang-once={tmp_path / 'hung'}"


async def test_a_worker_that_hangs_is_replaced_because_of_what_turns_cost(tmp_path: Path) -> None:
    """Long before the longest call: the fake itself goes on before that."""
    async with running(timeout=120.0) as recognition:
        for _ in range(3):
            client = Client(recognition)
            client.say("one")
            await client.updated.wait()
            assert await client.end() == "one"
        client = Client(recognition)
        client.say(f"hang-once={tmp_path / 'hung'}")
        assert await client.end() == f"hang-once={tmp_path / 'hung'}"
        assert recognition.pools["recognition"].losses == {"hung": 1}


async def test_audio_that_kills_every_worker_fails_its_own_stream_alone() -> None:
    async with running(workers=1) as recognition:
        bad, good = Client(recognition), Client(recognition)
        bad.say("die")
        good.say("fine")
        outcomes = await asyncio.gather(bad.end(), good.end())
        assert outcomes[0].startswith("failed: Worker")
        assert outcomes[1] == "fine"
        assert bad.stream.queued_seconds == 0


async def test_audio_for_a_closed_stream_is_dropped() -> None:
    async with running() as recognition:
        failed, abandoned = Client(recognition), Client(recognition)
        failed.say("raise")
        assert (await asyncio.wait_for(failed.over, 120)).startswith("failed")
        abandoned.stream.abandon()
        for client in (failed, abandoned):
            client.say("more")
            client.stream.finish()
            assert client.stream.audio.kept == 0


async def test_an_abandoned_stream_keeps_no_audio_and_nobody_waits_for_room() -> None:
    async with running(max_queued=100 / 32_000, step=3600.0) as recognition:
        client = Client(recognition)
        client.say("x" * 200)
        client.stream.abandon()
        assert client.stream.queued_seconds == 0
        await asyncio.wait_for(client.stream.room(30), 1)


async def test_an_engine_that_raises_fails_that_stream_alone() -> None:
    async with running() as recognition:
        (pid,) = recognition.pids
        bad, good = Client(recognition), Client(recognition)
        bad.say("raise")
        good.say("fine")
        outcomes = await asyncio.gather(bad.end(), good.end())
        assert outcomes == ["failed: no such sound: raise", "fine"]
        assert recognition.pids == [pid], "the worker goes on"


async def test_sticky_streams_survive_their_worker(tmp_path: Path) -> None:
    async with running(workers=2, sticky=True) as recognition:
        clients = [Client(recognition) for _ in range(4)]
        for client in clients:
            client.say("one")
        clients[0].say(f"die-once={tmp_path / 'died'}")
        texts = await asyncio.gather(*(client.end() for client in clients))
        assert texts[1:] == ["one"] * 3
        assert texts[0].startswith("one die-once")


async def test_a_sticky_stream_goes_on_elsewhere_without_losing_a_word(tmp_path: Path) -> None:
    """The fake keeps texts to itself, so only the audio that is kept here can bring them back."""
    async with running(workers=2, sticky=True) as recognition:
        clients = [Client(recognition) for _ in range(6)]
        for round_ in range(3):
            for number, client in enumerate(clients):
                client.updated.clear()
                client.say(f"{round_}-{number}")
            for client in clients:
                await asyncio.wait_for(client.updated.wait(), 30)
            clients[round_].say(f"die-once={tmp_path}/{round_}")
        texts = await asyncio.gather(*(client.end() for client in clients))
        for number, text in enumerate(texts):
            words = [f"{round_}-{number}" for round_ in range(3)]
            if number < 3:
                words.insert(number + 1, f"die-once={tmp_path}/{number}")
            assert text.split() == words


async def test_the_audio_covered_by_the_text_is_known() -> None:
    async with running() as recognition:
        client = Client(recognition)
        assert client.stream.covered_seconds == 0
        client.say("four")
        await asyncio.wait_for(client.updated.wait(), 120)
        assert client.stream.covered_seconds == 6 / 32_000
        client.stream.abandon()


async def test_what_a_sticky_worker_forgot_is_sent_again() -> None:
    async with running(workers=1, sticky=True) as recognition:
        client = Client(recognition)
        client.say("one")
        await asyncio.wait_for(client.updated.wait(), 120)
        assert client.stream.state is not None
        recognition._turns.forget(0, client.stream.state)
        client.say("two")
        assert await client.end() == "one two"


async def test_a_worker_that_hangs_while_it_forgets_is_found_soon() -> None:
    recognition = RecognitionService((), AsrOptions(), RecognitionServiceOptions(), PoolOptions())
    recognition._turns._to_forget[0] = [b"state"]
    job = recognition._turns.take(0)
    assert job is not None
    assert (job.method, job.limit) == ("forget", call_limit(0))


async def test_an_abandoned_stream_gets_nothing_more() -> None:
    async with running() as recognition:
        client = Client(recognition)
        client.say("hello")
        client.stream.abandon()
        other = Client(recognition)
        assert await other.end() == "finished"
        assert client.partial.text == ""
        assert not client.over.done()


async def test_a_full_queue_makes_the_socket_wait() -> None:
    async with running(max_queued=100 / 32_000, step=3600.0) as recognition:
        client = Client(recognition)
        client.say("x" * 60)
        await asyncio.wait_for(client.stream.room(30), 1)
        client.say("x" * 60)
        waiting = asyncio.create_task(client.stream.room(30))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await client.stream.room(0.01)  # never longer than asked
        client.stream.finish()
        await asyncio.wait_for(waiting, 120)


async def test_what_follows_a_recognition_that_ends_is_not_refused() -> None:
    async with running(max_streams=1) as recognition:
        Client(recognition)
        with pytest.raises(BusyError, match="1 recognitions"):
            Client(recognition)
        Client(recognition, follows=True)


async def test_too_many_are_refused_with_a_reason() -> None:
    async with running(max_streams=1) as recognition:
        first = Client(recognition)
        with pytest.raises(BusyError, match="1 recognitions"):
            Client(recognition)
        first.stream.abandon()
        Client(recognition)


class Clock:
    """That of claims to a place."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in ("stream", "service"):
        monkeypatch.setattr(f"liusheng.runtime.recognition.{module}.awake", clock)
    return clock


@pytest.mark.parametrize("upload", [False, True])
async def test_the_oldest_without_audio_gives_way(claims: Clock, upload: bool) -> None:
    async with running(max_streams=3) as recognition:
        speaker, older = Client(recognition), Client(recognition)
        claims.now = 0.1
        newer = Client(recognition)
        speaker.say("one " * 10_000)
        claims.now = FIRST_SECONDS - 0.1
        with pytest.raises(BusyError, match="3 recognitions"):
            Client(recognition, upload=upload)
        claims.now = FIRST_SECONDS
        newcomer = Client(recognition, upload=upload)
        assert (await older.over).startswith("failed: all places were taken")
        with pytest.raises(BusyError, match="3 recognitions"):
            Client(recognition)
        newcomer.say("two")
        assert await newcomer.end() == "two"
        assert (await speaker.end()).split() == ["one"] * 10_000
        assert not newer.over.done()


async def test_it_keeps_its_place_where_that_makes_no_room(
    claims: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(max_streams=2) as recognition:
        silent, speaker = Client(recognition), Client(recognition)
        speaker.say("one")
        claims.now = FIRST_SECONDS
        monkeypatch.setattr(recognition._scheduler, "lag", lambda _: 100.0)
        with pytest.raises(BusyError, match="lags 100"):
            Client(recognition)
        silent.say("two")
        assert await silent.end() == "two"


@pytest.mark.parametrize(
    ("begins", "seconds"), [("a container", HEADER_SECONDS), ("speech", LONGEST_SECONDS)]
)
async def test_how_long_a_pause_may_be(claims: Clock, begins: str, seconds: float) -> None:
    async with running(max_streams=1) as recognition:
        client = Client(recognition)
        if begins == "speech":
            client.say("one " * 20_000)
            await client.updated.wait()
        else:
            client.stream.expect()
        claims.now = seconds - 0.1
        with pytest.raises(BusyError, match="1 recognitions"):
            Client(recognition)
        claims.now = seconds
        Client(recognition)
        assert (await client.over).startswith("failed: all places were taken")


async def test_one_that_gives_way_keeps_its_text(claims: Clock) -> None:
    async with running(max_streams=2) as recognition:
        drips, speaker = Client(recognition), Client(recognition)
        drips.stream.on_give_way = drips.stream.finish
        for claims.now in range(30):
            drips.say("a ")
            speaker.say("one " * 10_000)
        claims.now += 0.1
        newcomer = Client(recognition)
        with pytest.raises(BusyError, match="recognitions are under way"):
            Client(recognition)
        assert await asyncio.wait_for(drips.over, 60) == "finished"
        assert " ".join(each.text for each in drips.closed).split() == ["a"] * 30
        newcomer.say("two")
        assert await newcomer.end() == "two"


async def test_who_leaves_takes_no_place(claims: Clock) -> None:
    async with running(max_streams=2) as recognition:
        leaving = [Client(recognition), Client(recognition)]
        for each in leaving:
            each.stream.on_give_way = lambda: None  # it takes its time
        claims.now = FIRST_SECONDS
        newcomers = [Client(recognition), Client(recognition)]
        with pytest.raises(BusyError, match="recognitions are under way"):
            Client(recognition)
        assert recognition.streams == 4
        for each in (*leaving, *newcomers):
            assert await each.end() == "finished"


async def test_one_that_fails_on_giving_way_is_over(claims: Clock) -> None:
    async with running(max_streams=1) as recognition:
        faulty = Client(recognition)

        def fail() -> None:
            raise KeyError("no such session")

        faulty.stream.on_give_way = fail
        claims.now = FIRST_SECONDS
        newcomer = Client(recognition)
        assert (await faulty.over) == "failed: 'no such session'"
        assert recognition.streams == 1
        assert await newcomer.end() == "finished"


async def test_whose_audio_waits_for_a_turn_does_not_give_way(claims: Clock) -> None:
    async with running(max_streams=1, step=3600.0) as recognition:
        speaker = Client(recognition)
        speaker.say("one " * 20_000)
        claims.now = 2 * LONGEST_SECONDS
        with pytest.raises(BusyError, match="1 recognitions"):
            Client(recognition)
        assert (await speaker.end()).split() == ["one"] * 20_000


async def test_new_streams_are_refused_when_the_old_ones_wait() -> None:
    now = 0.0
    async with running(clock=lambda: now, max_lag=4.0) as recognition:
        client = Client(recognition)
        client.say("waiting")
        now = 5.0  # no worker has had a chance to look at it yet
        with pytest.raises(BusyError, match=r"lags 5\.0 s"):
            Client(recognition)
        assert await client.end() == "waiting"
        Client(recognition)


async def test_new_streams_are_refused_when_partials_would_become_rare() -> None:
    # The clock goes on by a second whenever it is read: each look takes one.
    clock = itertools.count(1.0).__next__
    async with running(clock=clock, max_interval=2.5) as recognition:
        ignore: Any = lambda worker, seconds: None  # noqa: E731
        recognition._turns._timed = ignore  # real processor time has nothing to do with this clock
        clients = []
        for _ in range(2):
            client = Client(recognition)
            client.say("waiting")
            await asyncio.wait_for(client.updated.wait(), 120)
            clients.append(client)
        with pytest.raises(
            BusyError, match="each of 3 recognitions would have a partial result less often"
        ):
            Client(recognition)
        clients[0].stream.abandon()
        Client(recognition)


async def test_what_batches_cost_is_measured_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    results = SelfTestResults(tmp_path / "self-tests.json")
    for known in (False, True):
        async with running(self_tests=results) as recognition:
            assert recognition._scheduler.partial_cost == 0.5
            assert (recognition._pool.test_result is None) is known
    assert "a partial every second of about 2 speakers" in caplog.text


async def test_what_the_service_does_is_counted() -> None:
    async with running(max_streams=1) as recognition:
        client = Client(recognition)
        with pytest.raises(BusyError) as caught:
            Client(recognition)
        assert (caught.value.reason, caught.value.retry_after) == ("sessions", 5.0)
        client.say("one")
        assert await client.end() == "one"
        await recognition.wait_for_room()
        assert recognition.admission.refused == {"sessions": 1}
        counted = recognition.statistics
        assert counted.batch_streams.count == counted.batch_streams.total >= 1
        assert 0 <= counted.busy_seconds <= counted.batch_seconds.total
        assert counted.final_seconds.count == 1
        assert counted.upload_final_seconds.count == 0
        assert counted.waits.count >= 1
        assert recognition.queue_depth == 0
        assert recognition.lag() == 0.0
        assert 0.0 <= recognition.load() <= 1.0


async def test_uploads_are_refused_when_those_there_are_wait_for_long() -> None:
    now = 0.0
    async with running(clock=lambda: now, max_backlog_lag=30.0) as recognition:
        upload = Client(recognition, upload=True)
        upload.say("waiting")
        now = 31.0
        with pytest.raises(BusyError, match="uploads wait 31 s") as caught:
            Client(recognition, upload=True)
        assert (caught.value.reason, caught.value.retry_after) == ("uploads", 31.0)
        Client(recognition).stream.abandon()
        assert await upload.end() == "waiting"


@pytest.mark.parametrize(
    ("factory", "message"), [("broken", "model.bin is not there"), ("fatal", "exit status 7")]
)
async def test_a_worker_that_cannot_start_reports_the_reason(factory: str, message: str) -> None:
    recognition = RecognitionService(
        [],
        AsrOptions(),
        RecognitionServiceOptions(),
        PoolOptions(workers=2),
        factory=f"tests.support.fake_handlers.{factory}",
    )
    with pytest.raises(Exception, match=message):
        await recognition.start()
    assert recognition.pids == []
    await recognition.stop()
