"""The Wyoming protocol by the package that Home Assistant uses."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from unittest.mock import MagicMock

import httpx2
import pytest
import pytest_asyncio
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

from liusheng.protocol import paths
from liusheng.protocol.errors import ProtocolError
from liusheng.runtime.decoding.service import DecodingService
from liusheng.server import wyoming_listener
from liusheng.server.access.keys import new_secret
from liusheng.server.config.limits import LimitSettings
from liusheng.server.config.settings import Settings
from liusheng.server.limits.server_limits import ServerLimits
from liusheng.server.websocket.wyoming import describe
from liusheng.server.wyoming_listener import _check_client, _WyomingConnection
from tests.server.conftest import Fakes, Serve, limit, starting

pytestmark = pytest.mark.asyncio(loop_scope="session")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Wyoming:
    """A server with the protocol on a port of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    @asynccontextmanager
    async def client(self) -> AsyncIterator[AsyncTcpClient]:
        client = AsyncTcpClient("127.0.0.1", self.port)
        for _ in range(500):  # the server listens soon
            try:
                await client.connect()
                break
            except OSError:
                await asyncio.sleep(0.01)
        try:
            yield client
        finally:
            await client.disconnect()


async def start(serve: Serve, **settings: Any) -> Wyoming:
    port = free_port()
    await serve(**{"wyoming": {"port": port}, **settings})
    return Wyoming(port)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared(engines: Fakes, decoding: DecodingService) -> AsyncIterator[Wyoming]:
    async with starting(engines, decoding) as serve:
        yield await start(serve)


@pytest.fixture
def wyoming(shared: Wyoming, engines: Fakes) -> Wyoming:
    """A server with default settings, which the tests of this file share."""
    limit(engines, Settings().limits)
    return shared


async def event(client: AsyncTcpClient) -> Event | None:
    return await asyncio.wait_for(client.read_event(), 60)


async def until(client: AsyncTcpClient, kind: str) -> list[Event]:
    found: list[Event] = []
    while not found or found[-1].type != kind:
        read = await event(client)
        assert read is not None, [each.type for each in found]
        assert read.type != "error", read.data
        found.append(read)
    return found


async def error(client: AsyncTcpClient) -> Error:
    """Return the error that is the last event before the connection is closed."""
    read = await event(client)
    assert read is not None
    assert await event(client) is None
    return Error.from_event(read)


def chunk(words: str, rate: int = 16_000) -> Event:
    return AudioChunk(rate, 2, 1, words.encode().ljust(3_200)).event()


async def test_what_the_server_has(wyoming: Wyoming) -> None:
    async with wyoming.client() as client:
        await client.write_event(Describe().event())
        read = await event(client)
        assert read is not None
        info = Info.from_event(read)
        (model,) = info.asr[0].models
        assert (model.name, model.languages, model.installed) == ("echo", ["zh"], True)
        assert info.asr[0].supports_transcript_streaming
        (voice,) = info.tts[0].voices
        assert (voice.name, voice.languages) == ("counter", ["zh"])
        assert info.tts[0].supports_synthesize_streaming
        await client.write_event(Ping(text="a").event())
        read = await event(client)
        assert read is not None
        assert Pong.from_event(read).text == "a"


async def test_recognition_as_home_assistant_asks_for_it(wyoming: Wyoming) -> None:
    async with wyoming.client() as client:
        for words in ("turn on", "the light"):  # twice on one connection
            await client.write_event(Transcribe(language="zh-CN").event())
            await client.write_event(AudioStart(16_000, 2, 1).event())
            await client.write_event(chunk(f"{words} "))
            await client.write_event(chunk("now"))
            await client.write_event(AudioStop().event())
            found = await until(client, "transcript")
            assert Transcript.from_event(found[-1]).text == f"{words} now"
            streamed = "".join(
                each.data["text"] for each in found if each.type == "transcript-chunk"
            )
            assert streamed == f"{words} now"
            await until(client, "transcript-stop")


async def test_no_audio_is_an_empty_transcript(wyoming: Wyoming) -> None:
    async with wyoming.client() as client:
        await client.write_event(Transcribe().event())
        await client.write_event(AudioStart(16_000, 2, 1).event())
        await client.write_event(AudioStop().event())
        assert (await until(client, "transcript"))[-1].data == {"text": ""}


async def test_synthesis(wyoming: Wyoming) -> None:
    async with wyoming.client() as client:
        for voice in (None, SynthesizeVoice(name="counter"), SynthesizeVoice(language="zh-CN")):
            await client.write_event(Synthesize(text="3", voice=voice).event())
            started, *chunks, _ = await until(client, "audio-stop")
            assert AudioStart.from_event(started) == AudioStart(24_000, 2, 1)
            audio = b"".join(AudioChunk.from_event(each).audio for each in chunks)
            assert audio == bytes([1, 0, 2, 0, 3, 0])


async def test_synthesis_of_a_text_in_pieces(wyoming: Wyoming) -> None:
    async with wyoming.client() as client:
        await client.write_event(SynthesizeStart().event())
        for piece in ("spell", " a", "b"):
            await client.write_event(SynthesizeChunk(text=piece).event())
        # Home Assistant sends the whole text as well, for servers that take no pieces.
        await client.write_event(Synthesize(text="spell ab").event())
        await client.write_event(SynthesizeStop().event())
        started, *chunks, stopped, last = await until(client, "synthesize-stopped")
        assert (started.type, stopped.type) == ("audio-start", "audio-stop")
        audio = b"".join(each.payload or b"" for each in chunks)
        assert audio[::2].strip(b"\x01") == b"ab"
        assert last.type == "synthesize-stopped"
        await client.write_event(SynthesizeStart().event())
        await client.write_event(SynthesizeStop().event())
        assert [each.type for each in await until(client, "synthesize-stopped")] == [
            "synthesize-stopped"
        ]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (Transcribe(language="tlh").event(), "not_supported_by_model"),
        (AudioStart(16_000, 4, 1).event(), "invalid_field"),
        (Event("audio-start"), "missing_field"),
        (Synthesize(text="3", voice=SynthesizeVoice(name="nobody")).event(), "unknown_voice"),
        (Synthesize(text=" ").event(), "empty_text"),
        (Synthesize(text="0").event(), "nothing_to_say"),
        (Synthesize(text="1" * 10_001).event(), "text_too_long"),
        (Synthesize(text="5 raise").event(), "synthesis_failed"),
        (SynthesizeChunk(text="a").event(), "not_started"),
        (SynthesizeStop().event(), "not_started"),
        (AudioChunk(16_000, 2, 1, bytes((1 << 20) + 1)).event(), "packet_too_large"),
        (Event("describe", {"a": "b" * 200_000}), "message_too_large"),
    ],
)
async def test_an_error_ends_the_connection(wyoming: Wyoming, sent: Event, code: str) -> None:
    async with wyoming.client() as client:
        await client.write_event(sent)
        read = await event(client)
        while read is not None and read.type.startswith("audio"):
            read = await event(client)
        assert read is not None
        assert (read.type, read.data["code"]) == ("error", code)
        assert await event(client) is None


async def test_audio_that_changes_its_format(wyoming: Wyoming) -> None:
    async with wyoming.client() as client:
        await client.write_event(chunk("hi "))
        await client.write_event(chunk("hi ", 8_000))
        found = await error(client)
        assert found.code == "invalid_field"
        assert "audio-stop" in found.text


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\n", b"[]\n", b"{}\n"])
async def test_what_is_not_the_protocol(wyoming: Wyoming, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wyoming.port)
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(), 60)
    head, _, rest = answer.partition(b"\n")
    assert json.loads(head)["type"] == "error"
    assert json.loads(rest)["code"] == "invalid_json"
    writer.close()


async def test_other_events_are_ignored(wyoming: Wyoming) -> None:
    async with wyoming.client() as client:
        await client.write_event(Event("select-program", {"name": "x"}))
        await client.write_event(Event("played", payload=b"xyz"))
        await client.write_event(Describe().event())
        assert (await until(client, "info"))[-1].type == "info"


async def test_a_full_server(serve: Serve) -> None:
    wyoming = await start(serve, limits={"max_sessions": 1})
    async with wyoming.client() as first, wyoming.client() as second:
        await first.write_event(chunk("hi "))
        await asyncio.sleep(0.2)
        await second.write_event(chunk("hi "))
        assert (await error(second)).code == "server_busy"


async def test_idleness_ends_the_connection(serve: Serve) -> None:
    wyoming = await start(serve, limits={"idle_seconds": 0.2})
    async with wyoming.client() as client:
        assert (await error(client)).code == "idle_timeout"


async def test_a_server_that_stops_says_so(serve: Serve) -> None:
    port = free_port()
    server = await serve(wyoming={"port": port})
    async with Wyoming(port).client() as client:
        await client.write_event(chunk("hi "))
        server.stop.set()
        while (read := await event(client)) is not None and read.type != "error":
            pass
        assert read is not None
        assert read.data["code"] == "server_stopping"


async def test_keys_are_not_asked_for(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUSHENG_API_KEYS", new_secret())
    wyoming = await start(serve)
    async with wyoming.client() as client:
        await client.write_event(Describe().event())
        await until(client, "info")


async def test_who_may_connect() -> None:
    from ipaddress import ip_network

    networks = [ip_network("192.168.1.0/24")]
    for address in ("127.0.0.1", "::1", "192.168.1.7", "::ffff:192.168.1.7"):
        _check_client(address, networks)
    for address in ("192.168.2.1", "8.8.8.8", "fe80::1%eth0"):
        with pytest.raises(ProtocolError, match=r"wyoming\.clients"):
            _check_client(address, networks)


async def test_more_connections_than_there_may_be(serve: Serve) -> None:
    wyoming = await start(serve, limits={"max_connections": 1})
    async with wyoming.client() as first, wyoming.client() as second:
        assert (await error(second)).code == "server_busy"
        await first.write_event(Describe().event())
        await until(first, "info")


async def test_a_flood_of_connections_is_told_no_reason(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wyoming_listener, "_MAX_REFUSED", 1)
    wyoming = await start(serve, limits={"max_connections": 1})
    async with wyoming.client() as first, wyoming.client() as second:
        assert (await error(second)).code == "server_busy"
        reader, writer = await asyncio.open_connection("127.0.0.1", wyoming.port)
        told = b""
        with suppress(ConnectionError):
            told = await asyncio.wait_for(reader.read(), 60)
        assert told == b""
        writer.close()
        await first.write_event(Describe().event())
        await until(first, "info")


async def test_a_flood_that_may_not_connect_takes_no_descriptors(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wyoming_listener, "_MAX_REFUSED", 1)
    monkeypatch.setattr(wyoming_listener, "_CLOSE_SECONDS", 60)
    monkeypatch.setattr(wyoming_listener, "is_local", lambda _: False)
    wyoming = await start(serve)
    async with wyoming.client() as first, wyoming.client() as second:
        # The first is still open: its client has not closed it.
        assert (await error(first)).code == "not_allowed"
        assert await event(second) is None


async def test_refusals_by_address_are_logged_and_counted(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(wyoming_listener, "is_local", lambda _: False)
    port = free_port()
    server = await serve(wyoming={"port": port})
    for _ in range(3):
        async with Wyoming(port).client() as client:
            assert (await error(client)).code == "not_allowed"
    async with httpx2.AsyncClient() as http:
        metrics = (await http.get(f"http://{server.address}{paths.METRICS}")).text
    assert 'liusheng_refused_connections_total{code="not_allowed"} 3.0' in metrics
    assert caplog.text.count("refused a connection of 127.0.0.1: not_allowed") == 1


async def test_a_connection_counts_until_it_is_closed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wyoming_listener, "_CLOSE_SECONDS", 60)
    wyoming = await start(serve, limits={"max_connections": 1})
    async with wyoming.client() as first:
        assert first._writer is not None
        first._writer.write(b"nonsense\n")
        assert (await error(first)).code == "invalid_json"
        async with wyoming.client() as second:
            assert (await error(second)).code == "server_busy"


async def test_who_reads_nothing_and_leaves_keeps_no_descriptor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where the loop still has much to send to it."""
    monkeypatch.setattr(wyoming_listener, "_CLOSE_SECONDS", 0.05)
    transports = []
    limits = ServerLimits(LimitSettings())

    async def talk(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        talking = asyncio.create_task(_without_end(send))
        assert (await receive())["type"] == "websocket.disconnect"
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transports.append(writer.transport)
        await _WyomingConnection(reader, writer, limits).serve(talk)
        ended.set()

    ended = asyncio.Event()
    async with await asyncio.start_server(accepted, "127.0.0.1", 0) as server:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(server.sockets[0].getsockname())
        while not (transports and transports[0].get_write_buffer_size()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        client.shutdown(socket.SHUT_WR)
        await ended.wait()
        while transports[0].get_extra_info("socket").fileno() >= 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        client.close()


async def _without_end(send: Any) -> None:
    while True:
        await send({"type": "websocket.send", "bytes": bytes(8192)})


async def test_a_server_that_drains_refuses_new_connections(serve: Serve) -> None:
    port = free_port()
    server = await serve(wyoming={"port": port}, drain={"seconds": 20, "final_seconds": 5})
    async with Wyoming(port).client() as client:
        await client.write_event(chunk("hi "))
        await asyncio.sleep(0.1)
        server.stop.set()
        await asyncio.sleep(0.1)
        async with AsyncTcpClient("127.0.0.1", port) as late:
            assert (await error(late)).code == "server_stopping"
        await client.write_event(AudioStop().event())
        assert (await until(client, "transcript"))[-1].data == {"text": "hi"}


async def test_a_client_that_sends_on_gets_the_reason(wyoming: Wyoming) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wyoming.port)
    writer.write(b"nonsense\n" + bytes(500_000))
    assert b"invalid_json" in await asyncio.wait_for(reader.read(), 60)
    writer.close()


async def test_a_client_that_vanishes_gives_its_place_back(
    wyoming: Wyoming, engines: Fakes
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", wyoming.port)
    client = AsyncTcpClient("127.0.0.1", wyoming.port)
    client._writer = writer
    await client.write_event(chunk("hi "))
    await client.write_event(Synthesize(text="4000 large").event())
    await asyncio.sleep(0.2)
    writer.transport.abort()
    for _ in range(500):
        if not (engines[0].streams or engines[1].under_way):
            break
        await asyncio.sleep(0.01)
    assert (engines[0].streams, engines[1].under_way) == (0, 0)


async def test_a_server_with_one_of_the_two() -> None:
    assert describe(None, None) == {"asr": [], "tts": []}


async def test_nothing_is_read_while_too_much_is_held() -> None:
    limits = ServerLimits(LimitSettings(max_buffered_bytes=1 << 20))
    reader = asyncio.StreamReader()
    reader.feed_data(b"more")
    writer = MagicMock(spec=asyncio.StreamWriter)
    writer.get_extra_info.return_value = ("127.0.0.1", 1)
    connection = _WyomingConnection(reader, writer, limits)
    assert (await connection._receive())["type"] == "websocket.connect"
    connection._connection.account.hold("session", 1 << 20)
    receiving = asyncio.create_task(connection._receive())
    await asyncio.sleep(0.01)
    assert not receiving.done()
    connection._connection.account.hold("session", 0)
    assert (await asyncio.wait_for(receiving, 60))["bytes"] == b"more"
