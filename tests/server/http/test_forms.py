"""Forms with a file: what is in them, what is wrong with them, and that no file stays open."""

from __future__ import annotations

import asyncio
import gc
import io
import resource
import threading
import time
import warnings
import wave
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx2
import pytest
from python_multipart.multipart import MultipartParser

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.http import upload
from liusheng.server.http.forms import MAX_FIELD_BYTES, Form
from liusheng.server.limits.turns import LoopTurns, Turns
from tests.server.conftest import Serve, Server

TYPE = "multipart/form-data; boundary=XX"


def part(disposition: str, data: bytes = b"", *headers: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}", *headers, "", ""]
    return b"--XX\r\n" + "\r\n".join(lines).encode() + data + b"\r\n"


END = b"--XX--\r\n"


async def at_once(work: Callable[[float], memoryview]) -> memoryview:
    return await Turns(LoopTurns()).do(work)


FILE = part('name="file"; filename="a.wav"', b"sound\r\n--X", "Content-Type: audio/wav")


@pytest.mark.parametrize("step", [1, 7, 10_000])
async def test_fields_and_file(step: int) -> None:
    body = (
        part('name="model"', b"whisper-1")
        + FILE
        + part('name="g[]"', b"word")
        + part('name="g[]"', "段".encode())
        + END
    )
    with Form(TYPE, at_once) as form:
        for at in range(0, len(body), step):
            await form.feed(body[at : at + step])
        file = await form.finish()
        assert form.fields == {"model": ["whisper-1"], "g[]": ["word", "段"]}
        assert file.read() == b"sound\r\n--X"


async def test_a_large_file_is_not_kept_in_memory() -> None:
    data = bytes(range(256)) * 12_000
    body = part('name="file"', data) + END
    with Form(TYPE, at_once) as form:
        for at in range(0, len(body), 100_000):
            await form.feed(body[at : at + 100_000])
        file = await form.finish()
        assert isinstance(file.fileno(), int)
        assert file.read() == data
    assert file.closed


@pytest.mark.parametrize("media", ["", "application/json", "multipart/mixed; boundary=XX"])
def test_what_is_no_form(media: str) -> None:
    with pytest.raises(ProtocolError, match="The file is missing") as caught:
        Form(media, at_once)
    assert caught.value.code is ErrorCode.MISSING_FIELD


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"sound", ErrorCode.INVALID_FIELD, "boundary"),
        (FILE[:-1], ErrorCode.INVALID_FIELD, "last boundary is missing"),
        (b"", ErrorCode.INVALID_FIELD, "last boundary is missing"),
        (FILE + FILE + END, ErrorCode.INVALID_FIELD, "more than one"),
        (part("no=name") + END, ErrorCode.INVALID_FIELD, "has no name"),
        (part('name="other"; filename="a"') + END, ErrorCode.MISSING_FIELD, "is missing"),
        (
            part('name="a"', b"x" * 60_000) + part('name="b"', b"x" * 60_000),
            ErrorCode.MESSAGE_TOO_LARGE,
            f"{MAX_FIELD_BYTES:,} bytes",
        ),
        (b"--XX\r\nx: " + b"x" * 2_000_000, ErrorCode.INVALID_FIELD, "more than 3,000 bytes"),
    ],
)
async def test_broken_forms(body: bytes, code: ErrorCode | None, words: str) -> None:
    async def read() -> None:
        with Form(TYPE, at_once) as form:
            await form.feed(body)
            await form.finish()

    with pytest.raises(ProtocolError, match=words) as caught:
        await read()
    assert code in (caught.value.code, None)


async def test_forms_that_are_long_to_parse_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small parts take 2 us a byte, a file a hundredth of that: the pieces adapt, and of ten forms
    together the loop has no more to do at once than of one."""
    now, longest, last = 0.0, 0.0, 0.0
    write = MultipartParser.write

    def slow(self: MultipartParser, data: bytes) -> int:
        nonlocal now
        now += len(data) * (2e-8 if data.strip(b"x") == b"" else 2e-6)
        return write(self, data)

    async def tick() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0)
            longest, last = max(longest, now - last), now

    async def receive(turns: LoopTurns) -> None:
        with Form(TYPE, Turns(turns).do) as form:
            for data in (part('name="file"', b"x" * 100_000), part('name="a"') * 500):
                await form.feed(data)

    monkeypatch.setattr(MultipartParser, "write", slow)
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    turns = LoopTurns(lambda: now)
    ticking = asyncio.create_task(tick())
    await asyncio.gather(*(receive(turns) for _ in range(10)))
    ticking.cancel()
    assert now > 0.4
    assert longest < 0.006  # the first piece of small parts, and what remained of the turn


def test_a_form_without_a_boundary() -> None:
    with pytest.raises(ProtocolError, match="boundary"):
        Form("multipart/form-data", at_once)


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may be longer than 100 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_full_disk(full_disk: None, caplog: pytest.LogCaptureFixture) -> None:
    with Form(TYPE, at_once) as form:
        await form.feed(part('name="model"', b"a") + part('name="file"', b"x" * 900_000)[:-2])
        with pytest.raises(
            ProtocolError, match=r"cannot store this file \(File too large\)"
        ) as full:
            await form.feed(b"x" * 900_000)
    assert full.value.code is ErrorCode.STORAGE_FULL
    (record,) = caplog.records
    assert record.exc_info is None


async def test_no_folder_for_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(upload, "TemporaryFile", fail)
    with (
        Form(TYPE, at_once) as form,
        pytest.raises(ProtocolError, match="No usable temporary") as caught,
    ):
        await form.feed(part('name="file"', b"x" * 2_000_000))
    assert caught.value.code is ErrorCode.STORAGE_FULL


async def test_parts_are_written_away_from_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancelled request goes on when the part is written, and the file is closed."""
    began, go_on = threading.Event(), threading.Event()
    write = upload.Upload._write_now

    def slow(self: upload.Upload, data: bytearray) -> None:
        began.set()
        assert go_on.wait(30)
        write(self, data)

    monkeypatch.setattr(upload.Upload, "_write_now", slow)
    form = Form(TYPE, at_once)

    async def receive() -> None:
        with form:
            await form.feed(part('name="file"', b"x" * 2_000_000))

    receiving = asyncio.create_task(receive())
    while not began.is_set():  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    receiving.cancel()
    await asyncio.sleep(0.01)
    assert not receiving.done()
    receiving.cancel()
    await asyncio.sleep(0.01)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await receiving
    assert form._file is not None
    assert form._file._disk is not None
    assert form._file._disk.closed


# On a server


def wav(seconds: float) -> bytes:
    """A file of spaces, in which the fake recogniser hears nothing."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b" " * 2 * int(16_000 * seconds))
    return buffer.getvalue()


@pytest.fixture
def all_closed() -> Iterator[None]:
    """The garbage collector tells of what a test left open."""
    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always", ResourceWarning)
        yield
        gc.collect()
    assert [str(each.message) for each in left] == []


def request(body: bytes, length: int | None = None) -> bytes:
    lines = [
        "POST /v1/audio/transcriptions HTTP/1.1",
        "Host: localhost",
        f"Content-Type: {TYPE}",
        f"Content-Length: {len(body) if length is None else length}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


@pytest.mark.usefixtures("all_closed")
@pytest.mark.asyncio(loop_scope="session")
class TestNoFileStaysOpen:
    @pytest.mark.slow
    async def test_after_an_answer(self, server: Server) -> None:
        async with httpx2.AsyncClient(timeout=120) as client:
            for _ in range(30):
                answer = await client.post(
                    f"http://{server.address}/v1/audio/transcriptions",
                    data={"model": "whisper-1"},
                    files={"file": wav(40)},
                )
                assert answer.json()["text"] == ""

    @pytest.mark.parametrize("body", [part('name="file"; filename="a"', b"x" * 2_000_000), FILE])
    async def test_after_a_form_without_an_end(self, server: Server, body: bytes) -> None:
        reader, writer = await asyncio.open_connection(*server.address.split(":"))
        writer.write(request(body))
        assert (await reader.readline()).split()[1] == b"400"
        writer.close()
        await writer.wait_closed()

    @pytest.mark.parametrize("missing", [0, 1, 1_000_000])
    async def test_after_a_client_that_left(
        self, server: Server, missing: int, settled: Any
    ) -> None:
        """At any moment: before all is sent, while the end of it is taken in, and just after."""
        body = part('name="model"', b"whisper-1")
        body += part('name="file"; filename="a"', wav(60)) + END
        for pause in (0, 0, 0, 0.001, 0.002, 0.005, 0.01, 0.02):
            _, writer = await asyncio.open_connection(*server.address.split(":"))
            writer.write(request(body[: len(body) - missing], len(body)))
            await writer.drain()
            await asyncio.sleep(pause)
            writer.transport.abort()
            await settled()

    async def test_after_a_full_disk(self, server: Server, full_disk: None) -> None:
        async with httpx2.AsyncClient(timeout=60) as client:
            answer = await client.post(
                f"http://{server.address}/v1/audio/transcriptions",
                data={"model": "whisper-1"},
                files={"file": wav(60)},
            )
        assert answer.status_code == 507
        error = answer.json()["error"]
        assert (error["code"], error["type"]) == ("storage_full", "server_error")

    async def test_after_the_server_stopped(self, serve: Serve) -> None:
        server = await serve()
        reader, writer = await asyncio.open_connection(*server.address.split(":"))
        body = part('name="file"; filename="a"', b"x" * 2_000_000)
        writer.write(request(body, 3_000_000))
        await writer.drain()
        await asyncio.sleep(0.1)
        server.stop.set()
        assert (await reader.readline()).split()[1] == b"503"
        writer.close()


@pytest.fixture
def settled() -> Callable[[], Awaitable[None]]:
    """Wait until no request is being answered any more."""

    async def wait() -> None:
        began = time.monotonic()
        while any("Endpoint._" in repr(task) for task in asyncio.all_tasks()):
            assert time.monotonic() - began < 30
            await asyncio.sleep(0.005)

    return wait
