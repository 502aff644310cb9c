"""Recognitions whose connections break, over real sockets, with our client and without it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from liusheng.bench.soak.cutting_proxy import Cut, cutting_proxy, random_cuts
from liusheng.client import ConnectionChange, Final, connect
from liusheng.protocol.asr import Start
from liusheng.protocol.asr_recognition import RecognitionState
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.app import Application
from liusheng.server.config.resume import ResumeSettings
from liusheng.server.websocket.resumption import ResumableRecognitions
from tests.server.conftest import Dialogue, Fakes, Serve, Server

END = {"name": "a", "signal": "end", "nbest": 1}
ASR = "/paddlespeech/asr/streaming"

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def resumed(server: Server, token: str, **fields: Any) -> AsyncIterator[Any]:
    """A connection that resumes a recognition: its dialogue and the answer."""
    async with server.connect(ASR) as socket:
        dialogue = Dialogue(socket)
        answer = await dialogue.ask({"signal": "start", "resume": token, **fields})
        yield dialogue, answer


async def begun(server: Server, *packets: bytes, **fields: Any) -> tuple[Any, str]:
    """Begin a recognition; return its socket, which is open, and its token."""
    socket = await server.connect(ASR)
    dialogue = Dialogue(socket)
    start = {"name": "a", "signal": "start", "nbest": 1, "resumable": True, **fields}
    ready = await dialogue.ask(start)
    for packet in packets:
        await dialogue.ask(packet)
    return dialogue, ready["resume"]["token"]


async def finish(dialogue: Any) -> str:
    final = await dialogue.ask(END)
    assert final["signal"] == "finished", final
    assert await dialogue.close_code() == 1000
    return str(final["result"])


def abort(dialogue: Any) -> None:
    dialogue.socket.transport.abort()


async def until(condition: Callable[[], object]) -> None:
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come")


async def test_what_is_kept_has_its_time_and_its_place(serve: Serve, engines: Fakes) -> None:
    await until(lambda: not engines[0].streams)
    server = await serve(resume={"seconds": 0.2}, limits={"max_sessions": 1})
    first, token = await begun(server, b"one ")
    abort(first)
    async with server.connect(ASR) as socket:
        busy = await Dialogue(socket).ask({"name": "b", "signal": "start"})
        assert busy["code"] == "server_busy", "a kept recognition has its place"
    await until(lambda: not engines[0].streams)
    async with resumed(server, token) as (dialogue, answer):
        assert answer["code"] == "unknown_session"
        ready = await dialogue.ask({"name": "b", "signal": "start"})
        assert ready["signal"] == "server_ready", "the place is free, and the connection good"


async def test_a_dead_connection_that_nobody_closed(serve: Serve, engines: Fakes) -> None:
    await until(lambda: not engines[0].streams)
    server = await serve(limits={"idle_seconds": 0.2, "max_sessions": 1})
    silent, token = await begun(server, b"one ")
    assert (await silent.receive())["code"] == "idle_timeout"
    assert await silent.close_code() == 1008
    async with server.connect(ASR) as socket:
        busy = await Dialogue(socket).ask({"name": "b", "signal": "start"})
        assert busy["code"] == "server_busy", "it has its place, as any that is kept"
    async with resumed(server, token) as (dialogue, answer):
        assert answer["resumed"]["received"] == 4
        await dialogue.ask(b"two ")
        assert await finish(dialogue) == "one two"


async def test_a_broken_connection(server: Server) -> None:
    first, token = await begun(server, b"one ", b"two ")
    abort(first)
    async with resumed(server, token) as (dialogue, answer):
        assert answer["signal"] == "server_ready"
        assert answer["session"] == token.partition(".")[0]
        assert answer["resume"] == {"token": token, "seconds": 30}
        assert answer["resumed"]["received"] == 8
        assert not answer["resumed"]["ended"]
        await dialogue.ask(b"three ")
        assert await finish(dialogue) == "one two three"


async def test_the_log_tells_of_broken_connections_only(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    broken, token = await begun(server, b"one ")
    abort(broken)
    await until(lambda: "is kept for 30 s" in caplog.text)
    async with resumed(server, token) as (dialogue, _):
        assert await finish(dialogue) == "one"
    caplog.clear()
    whole, _ = await begun(server, b"one ")
    assert await finish(whole) == "one"
    await until(lambda: ": 1000 after" in caplog.text)
    assert "is kept for" not in caplog.text


async def test_one_that_is_half_open(server: Server) -> None:
    first, token = await begun(server, b"one ", b"two ")
    async with resumed(server, token) as (dialogue, answer):
        assert answer["resumed"]["received"] == 8
        error = await first.receive()
        assert error["code"] == "resumed_elsewhere"
        assert await first.close_code() == 1008
        await dialogue.ask(b"three ")
        assert await finish(dialogue) == "one two three"


@pytest.mark.parametrize("received", [False, True])
async def test_one_that_breaks_after_end(server: Server, received: bool) -> None:
    first, token = await begun(server, b"one ", b"sleep ")
    await first.send(END)
    if received:
        assert (await first.receive())["result"] == "one sleep"
    abort(first)
    async with resumed(server, token) as (dialogue, answer):
        assert answer["resumed"]["ended"]
        assert (await dialogue.receive())["result"] == "one sleep"
        assert await dialogue.close_code() == 1000


async def test_half_a_container(server: Server) -> None:
    text = b"one two three " * 300
    header = (
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\x80\x3e\0\0\0\x7d\0\0\2\0\x10\0"
        b"data\xff\xff\xff\xff"
    )
    packets = [(header + text)[at : at + 199] for at in range(0, len(header + text), 199)]
    first, token = await begun(server, *packets[:20], format="wav")
    abort(first)
    async with resumed(server, token) as (dialogue, answer):
        assert answer["resumed"]["received"] == 20 * 199
        for packet in packets[20:]:
            await dialogue.ask(packet)
        # A word may be cut where a turn ends.
        assert (await finish(dialogue)).replace(" ", "") == text.decode().replace(" ", "")


async def test_nothing_is_kept_of_a_client_that_leaves(serve: Serve, engines: Fakes) -> None:
    server = await serve()
    for code in (1000, 1001):
        first, token = await begun(server, b"one ")
        await first.socket.close(code)
        await until(lambda: not engines[0].streams)
        async with resumed(server, token) as (_, answer):
            assert answer["code"] == "unknown_session"


async def test_a_client_whose_pings_were_not_answered_comes_back(server: Server) -> None:
    first, token = await begun(server, b"one ")
    await first.socket.close(1011, "keepalive ping timeout")
    async with resumed(server, token) as (dialogue, _):
        assert await finish(dialogue) == "one"


async def test_only_who_has_the_token(server: Server) -> None:
    first, token = await begun(server, b"one ")
    session = token.partition(".")[0]
    for wrong in (session, f"{session}.", f"{session}.x", token[:-1], "x." + token, "ü.ü"):
        async with resumed(server, wrong) as (_, answer):
            assert answer["code"] == "unknown_session"
    assert "code" not in await first.ask(b"two ")
    assert await finish(first) == "one two"


async def test_a_server_that_keeps_nothing(serve: Serve, engines: Fakes) -> None:
    server = await serve(resume={"seconds": 0})
    async with server.connect(ASR) as socket:
        dialogue = Dialogue(socket)
        ready = await dialogue.ask({"name": "a", "signal": "start", "resumable": True})
        assert "resume" not in ready
        assert "code" not in await dialogue.ask(b"one ")
        abort(dialogue)
    await until(lambda: not engines[0].streams)


async def test_a_server_that_stops_keeps_nothing(serve: Serve, engines: Fakes) -> None:
    server = await serve()
    first, _ = await begun(server, b"one ")
    other, _ = await begun(server, b"two ")
    abort(first)
    server.stop.set()
    while "code" not in (message := await other.receive()):
        assert (message["is_final"], message["final_until"]) == (False, 0.0), "it was cut short"
    assert message["code"] == "server_stopping"
    await until(lambda: not engines[0].streams)


# The limits of what is kept


class Held:
    """A recognition that was begun by somebody."""

    def __init__(
        self, session: str, client: str = "", *, over: bool = False, size: int = 0
    ) -> None:
        limits: Any = None
        self.state = RecognitionState(session, Start(name="a", resumable=True), limits)
        self.state.ended = self.state.complete = over
        self.client, self.secret, self.kept_bytes = client, "", size
        self.address = ""
        self.on_displaced: Callable[[], None] = lambda: None
        self.socket = None
        self.abandoned = False

    def detach(self) -> None:
        pass

    def abandon(self) -> None:
        self.abandoned = True


def keep(kept: ResumableRecognitions, *held: Any) -> None:
    for each in held:
        kept.offers(each.state.session, each)
        kept.keep(each)


async def test_who_goes_first() -> None:
    kept = ResumableRecognitions(ResumeSettings(max_sessions=2, max_bytes=100))
    old, over, new, newest = Held("old"), Held("over", over=True), Held("new"), Held("newest")
    keep(kept, old, over, new)
    assert [each.abandoned for each in (old, over, new)] == [False, True, False]
    keep(kept, newest)
    assert [each.abandoned for each in (old, new, newest)] == [True, False, False]
    assert (kept.kept, kept.attached) == (2, 0)
    assert (kept.broken, kept.displaced) == (2, 1), "one that is over has ended as it should"
    large = Held("large", size=101)
    keep(kept, large)
    assert large.abandoned
    assert (kept.kept, kept.kept_bytes) == (1, 0)
    kept.close()


async def test_nobody_displaces_those_of_others() -> None:
    kept = ResumableRecognitions(ResumeSettings(max_sessions=3))
    alices, over = Held("alice", "alice"), Held("over", "alice", over=True)
    bobs = [Held(f"bob{number}", "bob") for number in range(5)]
    keep(kept, alices, *bobs)
    assert [each.abandoned for each in bobs] == [True, True, True, False, False]
    keep(kept, over)
    assert [each.abandoned for each in (alices, over, *bobs[3:])] == [False, True, False, False]
    kept.close()


async def test_who_has_most_bytes_loses_them() -> None:
    kept = ResumableRecognitions(ResumeSettings(max_bytes=100))
    alices = [Held(f"alice{number}", "alice", size=10) for number in range(3)]
    bobs = [Held("small", "bob"), Held("large", "bob", size=80)]
    keep(kept, *alices, *bobs)
    assert [each.abandoned for each in (*alices, *bobs)] == [False] * 4 + [True]
    kept.close()


async def test_some_of_a_client_are_given_up() -> None:
    kept = ResumableRecognitions(ResumeSettings())
    alice, over = Held("alice", "alice"), Held("over", "bob", over=True)
    bobs = [Held(f"bob{number}", "bob") for number in range(3)]
    keep(kept, over, alice, *bobs)
    kept.leave(3, lambda each: each.client == "bob")
    assert kept.kept == 5
    kept.leave(1, lambda each: each.client == "bob")
    assert [each.abandoned for each in (over, alice, *bobs)] == [False, False, True, True, False]
    bobs[2].on_displaced()
    assert bobs[2].abandoned
    assert (kept.kept, kept.displaced) == (2, 3)
    kept.close()


async def test_it_is_the_owners() -> None:
    kept = ResumableRecognitions(ResumeSettings())
    held: Any = Held("s", "alice")
    offers = held.state.offers = kept.offers("s", held)
    assert offers
    token = offers.current(0).token
    kept.keep(held)
    with pytest.raises(ProtocolError) as caught:
        kept.take(token, "bob")
    assert caught.value.code is ErrorCode.UNKNOWN_SESSION
    assert kept.take(token, "alice") is held
    assert (kept.kept, kept.attached, kept.resumed) == (0, 1, 1)
    kept.close()


async def test_what_breaks_after_the_stop_is_abandoned() -> None:
    kept = ResumableRecognitions(ResumeSettings())
    held: Any = Held("s")
    kept.offers("s", held)
    kept.close()
    kept.keep(held)
    assert held.abandoned
    assert kept.offers("t", held) is None


# Our client, cut anywhere

WORDS = [f"w{n:03d}" for n in range(150)]


async def heard(url: str, *, events: list[str] | None = None) -> str:
    """Recognise the words, a few of them in each packet, over connections that are cut."""

    async def packets() -> AsyncIterator[bytes]:
        for at in range(0, len(WORDS), 3):
            yield " ".join([*WORDS[at : at + 3], ""]).encode().ljust(16)
            await asyncio.sleep(0)

    def told(connection: ConnectionChange) -> None:
        if events is not None:
            events.append(connection.state)

    async with connect(url, retry_for=60, resume_for=60) as client:
        *_, final = [u async for u in client.recognize(packets(), on_connection=told)]
    assert isinstance(final, Final)
    return final.text


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liusheng.client.backoff._FIRST", 0.002)


@pytest.mark.parametrize("seed", range(6))
async def test_any_cuts_leave_the_text_of_an_unbroken_recognition(
    serve: Serve, engines: Fakes, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    made: list[Application] = []
    original = Application.__init__

    def remembered(self: Application, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        made.append(self)

    monkeypatch.setattr(Application, "__init__", remembered)
    server = await serve(resume={"seconds": 20})
    await until(lambda: made)
    async with cutting_proxy(server.address, random_cuts(seed, 5, up=1_400, down=4_000)) as proxy:
        assert (await heard(proxy.url)).split() == WORDS
        assert proxy.cuts
    made[0].resumable.close()
    await until(lambda: not engines[0].streams)


async def test_the_caller_is_told(server: Server) -> None:
    cuts = iter([Cut(upwards=True, after=700, how="reset")])

    def plan() -> Cut | None:
        return next(cuts, None)

    events: list[str] = []
    async with cutting_proxy(server.address, plan) as proxy:
        assert (await heard(proxy.url, events=events)).split() == WORDS
    assert events == ["reconnecting", "resumed"]
