"""Recognitions that go on on another server, which shares a secret with the first one."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from liusheng.asr.options import AsrOptions
from liusheng.client import Final, connect
from liusheng.protocol import paths
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.access.keys import new_secret
from tests.server.conftest import Dialogue, Fakes, Serve, Server, starting

SECRETS = "correct horse battery staple sixteen times over"
OTHER = "another secret which these servers do not share"
END = {"name": "a", "signal": "end", "nbest": 1}

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def readers(engines: Fakes) -> AsyncIterator[Fakes]:
    """Engines that read sentences."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
        recognition = RecognitionService(
            [],
            AsrOptions(),
            RecognitionServiceOptions(step=0.0001),
            PoolOptions(call_timeout=120),
            factory="tests.support.sentence_handlers.sentences",
        )
        await recognition.start()
    yield recognition, engines[1]
    await recognition.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def replicas(
    readers: Fakes, decoding: DecodingService, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Serve]:
    """Start servers that share a secret; nothing of one is known to the other."""
    monkeypatch.setenv("LIUSHENG_RESUME_SECRETS", SECRETS)
    async with starting(readers, decoding) as start:
        yield start


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liusheng.client.backoff._FIRST", 0.002)


class Begun:
    """A recognition on its first server, with what a client keeps of it."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue = dialogue
        self.offer: dict[str, Any] = {}
        self.finals: list[str] = []

    def take(self, message: dict[str, Any]) -> dict[str, Any]:
        if offer := message.get("resume"):
            self.offer = offer
            self.finals += offer.get("finals", [])
        return message

    @property
    def request(self) -> dict[str, Any]:
        return {"signal": "start", "resume": self.offer["token"], "finals": self.finals}


async def begun(server: Server, *packets: bytes, **fields: Any) -> Begun:
    """Begin a recognition; its last packet is answered when all of its sentences are closed."""
    options = fields.pop("options", {})
    socket = await server.connect(paths.ASR_STREAMING, **options)
    begun = Begun(Dialogue(socket))
    start = {"name": "a", "signal": "start", "nbest": 1, "resumable": True, **fields}
    assert "resume" in begun.take(await begun.dialogue.ask(start))
    for packet in packets:
        begun.take(await begun.dialogue.ask(packet))
    closed = b"".join(packets).count(b".")
    for _ in range(1_000):
        if len(begun.finals) >= closed or "keep_from" not in begun.offer:
            break
        await asyncio.sleep(0.005)
        begun.take(await begun.dialogue.ask(b""))
    return begun


@asynccontextmanager
async def resumed(server: Server, request: dict[str, Any], **options: Any) -> AsyncIterator[Any]:
    """A connection that resumes a recognition: its dialogue and the answer."""
    async with server.connect(paths.ASR_STREAMING, **options) as socket:
        dialogue = Dialogue(socket)
        yield dialogue, await dialogue.ask(request)


async def finish(dialogue: Dialogue) -> dict[str, Any]:
    final = await dialogue.ask(END)
    assert final["signal"] == "finished", final
    return final


async def test_it_goes_on_elsewhere(replicas: Serve) -> None:
    first, second = await replicas(), await replicas()
    audio = [b"one two.", b"three.", b" four "]
    broken = await begun(first, *audio)
    assert broken.offer["keep_from"] == 14
    whole = await finish((await begun(first, *audio, b"five.")).dialogue)
    async with resumed(second, broken.request) as (dialogue, answer):
        assert answer["signal"] == "server_ready"
        assert answer["resumed"]["received"] == 14, "after the last final utterance"
        assert not answer["resumed"]["ended"]
        assert answer["resumed"]["replies"][-1]["result"] == "one two. three."
        assert [each["w"] for each in answer["resumed"]["replies"][-1]["times"]] == [
            "one",
            "two.",
            "three.",
        ]
        assert "finals" not in answer["resume"] or not answer["resume"]["finals"]
        await dialogue.ask(b" four ")
        await dialogue.ask(b"five.")
        assert await finish(dialogue) == whole
    broken.dialogue.socket.transport.abort()


async def test_one_that_has_nothing_final_yet(replicas: Serve) -> None:
    first, second = await replicas(), await replicas()
    broken = await begun(first, b"one ")
    async with resumed(second, broken.request) as (dialogue, answer):
        assert answer["resumed"]["received"] == 0
        await dialogue.ask(b"one ")
        assert (await finish(dialogue))["result"] == "one"


async def test_there_and_back(replicas: Serve) -> None:
    """Each server makes tokens from which the other goes on."""
    servers = [await replicas(), await replicas()]
    session = await begun(servers[0], b"a0. b0. ")
    for n in range(1, 6):
        async with resumed(servers[n % 2], session.request) as (dialogue, answer):
            session.take(answer)
            assert answer["resumed"]["received"] == 8 * n
            session.dialogue = dialogue
            packet = f"a{n}. b{n}. ".encode()
            session.take(await dialogue.ask(packet))
            while len(session.finals) < 2 * n + 2:
                session.take(await dialogue.ask(b""))
    async with resumed(servers[0], session.request) as (dialogue, answer):
        words = [f"{letter}{n}." for n in range(6) for letter in "ab"]
        assert (await finish(dialogue))["result"] == " ".join(words)


# Our client, cut anywhere, on one server and then on another

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))]

# A millisecond each, so that their times differ.
WORDS = [f"w{n:02d}".ljust(38, "-") + ("." if n % 5 == 4 else "") for n in range(90)]


class Balancer:
    """A TCP proxy that hands each connection to the next server, and cuts it somewhere."""

    def __init__(self, servers: list[Server], seed: int, cuts: int) -> None:
        self._servers = servers
        self._chance = random.Random(seed)
        self._left = cuts
        self._tasks: set[asyncio.Task[None]] = set()
        self.handed: list[int] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = len(self.handed) % len(self._servers)
        self.handed.append(place)
        port = int(self._servers[place].address.partition(":")[2])
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
        cut, limits = asyncio.Event(), [1 << 40, 1 << 40]
        if self._left:
            self._left -= 1
            way = self._chance.randrange(2)
            limits[way] = self._chance.randrange((2_500, 8_000)[way])

        async def pump(
            source: asyncio.StreamReader, sink: asyncio.StreamWriter, limit: int
        ) -> None:
            while data := await source.read(4_096):
                sink.write(data[:limit])
                await sink.drain()
                limit -= len(data)
                if limit <= 0:
                    break
            cut.set()

        pumps = [
            asyncio.create_task(pump(reader, up_writer, limits[0])),
            asyncio.create_task(pump(up_reader, writer, limits[1])),
        ]
        self._tasks.update(pumps)
        try:
            await cut.wait()
        finally:
            for each in pumps:
                each.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            if self._chance.random() < 0.5 and self._left:
                # The server takes the connection for open: two of them have the recognition.
                writer.transport.abort()
                self._half_open.append(up_writer)
            else:
                writer.transport.abort()
                up_writer.transport.abort()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Balancer]:
        self._half_open: list[asyncio.StreamWriter] = []
        listening = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = listening.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            listening.close()
            for each in self._half_open:
                each.transport.abort()
            await listening.wait_closed()


async def heard(url: str, **options: Any) -> Final:
    async def packets() -> AsyncIterator[bytes]:
        for at in range(0, len(WORDS), 3):
            yield "".join(word.ljust(40) for word in WORDS[at : at + 3]).encode()
            await asyncio.sleep(0)

    async with connect(url, retry_for=60, resume_for=60) as client:
        updates = [u async for u in client.recognize(packets(), **options)]
    words = [word.text for update in updates[:-1] for word in update.words]
    assert words == WORDS[: len(words)], "words came once, and in order"
    assert isinstance(updates[-1], Final)
    return updates[-1]


@pytest.mark.parametrize("partials", ["cumulative", "utterance"])
@pytest.mark.parametrize("seed", SEEDS)
async def test_any_cuts_leave_the_text_of_an_unbroken_recognition(
    replicas: Serve, seed: int, partials: str
) -> None:
    servers = [await replicas(resume={"seconds": 20}) for _ in range(2)]
    whole = await heard(f"ws://{servers[0].address}", partials=partials)
    assert whole.text.split() == WORDS
    async with Balancer(servers, seed, cuts=10).running() as balancer:
        assert await heard(balancer.url, partials=partials) == whole
        assert set(balancer.handed) == {0, 1}


# Who may not


async def refused(server: Server, request: dict[str, Any], **options: Any) -> bool:
    """Return whether a server knows nothing to resume; the connection then stays good."""
    async with resumed(server, request, **options) as (dialogue, answer):
        if "resumed" in answer:
            return False
        assert answer["code"] in ("unknown_session", "invalid_field"), answer
        ready = await dialogue.ask({"name": "b", "signal": "start"})
        assert ready["signal"] == "server_ready"
        return True


async def test_a_token_that_was_changed(replicas: Serve) -> None:
    first, second = await replicas(), await replicas()
    broken = await begun(first, b"one. ")
    request = broken.request
    session, _, sealed = request["resume"].partition(".")
    other = (await begun(first, b"two. ")).request
    assert request["finals"]
    chance = random.Random(0)
    for _ in range(20):
        place = chance.randrange(len(sealed) - 1)  # the last character has spare bits
        letter = "A" if sealed[place] != "A" else "B"
        flipped = sealed[:place] + letter + sealed[place + 1 :]
        assert await refused(second, {**request, "resume": f"{session}.{flipped}"})
    for wrong in (
        session,
        f"{session}.",
        f"{session}.{sealed[:-8]}",
        f"{session}.{sealed}AAAA",
        f".{sealed}",
        f"{'0' * 32}.{sealed}",
        f"{other['resume'].partition('.')[0]}.{sealed}",
        f"{session}.{'A' * 70_000}",
        "ü.ü",
        "..",
        "A" * 100_000,
    ):
        assert await refused(second, {**request, "resume": wrong}), wrong[:50]
    assert not await refused(second, request)


async def test_finals_that_were_changed(replicas: Serve) -> None:
    first, second = await replicas(), await replicas()
    broken = await begun(first, b"one. two. ")
    finals = broken.finals
    other = (await begun(first, b"six. ten. ")).finals
    for wrong in (
        [],
        finals[:1],
        finals[::-1],
        [*finals, finals[0]],
        [other[0], finals[1]],
        [finals[0], finals[1][:-4]],
        [finals[0], broken.offer["token"].partition(".")[2]],
        ["", ""],
        ["é", "é"],
        [1, 2],
        "two",
    ):
        assert await refused(second, {**broken.request, "finals": wrong}), wrong
    assert not await refused(second, broken.request)


async def test_a_token_is_of_one_key(replicas: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = new_secret(), new_secret()
    monkeypatch.setenv("LIUSHENG_API_KEYS", f"alice={alice},bob={bob}")
    access = {"keys_file": "/none/keys.json"}
    first, second = await replicas(access=access), await replicas(access=access)
    hers = {"additional_headers": {"Authorization": f"Bearer {alice}"}}
    his = {"additional_headers": {"Authorization": f"Bearer {bob}"}}
    broken = await begun(first, b"one. ", options=hers)
    for server in (first, second):
        assert await refused(server, broken.request, **his)
    assert not await refused(second, broken.request, **hers)


async def test_a_token_expires(
    replicas: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first, second = await replicas(), await replicas()
    broken = await begun(first, b"one. ")
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 601)
    assert await refused(second, broken.request)
    assert "not resumed: its token has expired" in caplog.text
    monkeypatch.setattr("time.time", lambda: now + 599)
    assert not await refused(second, broken.request)


async def test_a_token_is_renewed_before_it_expires(
    replicas: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await replicas(), await replicas()
    session = await begun(first, b"one. ")
    old = session.offer["token"]
    session.take(await session.dialogue.ask(b"two "))
    assert session.offer["token"] == old, "not more often than needed"
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 301)
    session.take(await session.dialogue.ask(b"two "))
    assert session.offer["token"] != old
    assert session.offer["finals"] == [], "the client has them"
    monkeypatch.setattr("time.time", lambda: now + 800)
    assert not await refused(second, session.request)


async def test_secrets_are_exchanged(replicas: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new one goes before the old one on one server after another."""
    old = await replicas()
    broken = await begun(old, b"one. ")
    monkeypatch.setenv("LIUSHENG_RESUME_SECRETS", f"{OTHER}\n{SECRETS}")
    both = await replicas()
    renewed = await begun(both, b"two. ")
    monkeypatch.setenv("LIUSHENG_RESUME_SECRETS", OTHER)
    new = await replicas()
    assert not await refused(both, broken.request)
    assert await refused(new, broken.request)
    assert await refused(old, renewed.request)
    assert not await refused(new, renewed.request)


async def test_a_server_without_the_secret(
    replicas: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await replicas()
    broken = await begun(first, b"one. ")
    monkeypatch.delenv("LIUSHENG_RESUME_SECRETS")
    assert await refused(await replicas(), broken.request)


async def test_a_token_that_is_used_twice(replicas: Serve) -> None:
    """On one server the newer connection has the recognition. On two, each has one of its own."""
    first, second, third = await replicas(), await replicas(), await replicas()
    broken = await begun(first, b"one. ")
    async with (
        resumed(second, broken.request) as (one, _),
        resumed(third, broken.request) as (other, _),
    ):
        assert (await finish(other))["result"] == "one."
        async with resumed(second, broken.request) as (again, answer):
            assert answer["resumed"]["received"] == 4
            error = await one.receive()
            assert error["code"] == "resumed_elsewhere"
            assert await one.close_code() == 1008
            assert (await finish(again))["result"] == "one."
    assert (await finish(broken.dialogue))["result"] == "one.", "nobody has taken it away"


async def test_a_token_that_is_used_twice_while_there_is_no_place(
    replicas: Serve, readers: Fakes
) -> None:
    """The newer connection has the recognition; the older one is told."""
    first = await replicas()
    broken = await begun(first, b"one. ")
    await finish(broken.dialogue)
    second = await replicas(limits={"max_sessions": 2, "queue_seconds": 30})
    speakers = [await begun(second, b"a ") for _ in range(2)]
    async with (
        second.connect(paths.ASR_STREAMING) as older,
        second.connect(paths.ASR_STREAMING) as newer,
    ):
        one, other = Dialogue(older), Dialogue(newer)
        for waiting, socket in enumerate((older, newer), 1):
            await socket.send(json.dumps(broken.request))
            while readers[0].admission.waiting < waiting:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        for speaker in speakers:
            await finish(speaker.dialogue)
        assert "resumed" in await other.receive()
        answers = [await one.receive(), await one.receive()]
        assert answers[1]["code"] == "resumed_elsewhere"
        assert await one.close_code() == 1008
        assert (await finish(other))["result"] == "one."


async def test_a_container_stays_where_it_is(replicas: Serve) -> None:
    first, second = await replicas(), await replicas()
    header = (
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\x80\x3e\0\0\0\x7d\0\0\2\0\x10\0"
        b"data\xff\xff\xff\xff"
    )
    broken = await begun(first, header + b"one. two. ", format="wav")
    assert "keep_from" not in broken.offer
    assert await refused(second, broken.request)
    assert not await refused(first, broken.request)


async def test_a_header_before_samples_is_counted(replicas: Serve) -> None:
    first, second = await replicas(), await replicas()
    header = b"RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xff"
    broken = await begun(first, header + b"one. ", b"two. ", b"six ")
    assert broken.offer["keep_from"] == len(header) + 10
    async with resumed(second, broken.request) as (dialogue, answer):
        assert answer["resumed"]["received"] == len(header) + 10
        broken.take(answer)
        for packet in (b"six ", b"ten."):
            broken.take(await dialogue.ask(packet))
        while len(broken.finals) < 3:
            broken.take(await dialogue.ask(b""))
        assert broken.offer["keep_from"] == len(header) + 18
        assert (await finish(dialogue))["result"] == "one. two. six ten."


async def test_no_token_is_in_a_log(replicas: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    first, second = await replicas(log_level="debug"), await replicas(log_level="debug")
    broken = await begun(first, b"one. ")
    wrong = broken.request["resume"][:-8] + "AAAAAAAA"
    assert await refused(second, {**broken.request, "resume": wrong})
    assert not await refused(second, broken.request)
    await broken.dialogue.socket.close(1011)
    async with resumed(first, broken.request) as (dialogue, _):
        await finish(dialogue)
    sealed = broken.request["resume"].partition(".")[2]
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("liusheng"))
    assert "goes on here" in ours
    assert "not resumed: its token was changed, or sealed with another secret" in ours
    for part in (sealed[:40], sealed[40:80], broken.finals[0][:40], SECRETS):
        assert part not in ours
