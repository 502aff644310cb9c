"""The server's side: real decoders, which are ended, stopped and lied about."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio

from liusheng.audio.containers import DecodeError
from liusheng.runtime.decoding import launch, wire
from liusheng.runtime.decoding.conversation import DecoderConversation, DecoderDiedError
from liusheng.runtime.decoding.options import DecodingOptions
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.errors import BusyError
from liusheng.runtime.forking.fork_server import ForkerLostError, ForkServer
from liusheng.runtime.forking.wire import NOT_STARTED
from tests.support import hostile

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


class Memory:
    """A file in memory, which lets each read wait."""

    def __init__(self, data: bytes, *, stream: bool = False) -> None:
        self._data = data
        self.size = None if stream else len(data)
        self.read_once = asyncio.Event()
        self.may_read = asyncio.Event()
        self.may_read.set()

    async def read(self, position: int, size: int) -> bytes:
        self.read_once.set()
        await self.may_read.wait()
        return self._data[position : position + size]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service() -> AsyncIterator[DecodingService]:
    made = DecodingService(DecodingOptions(processes=3))
    await made.start()
    yield made
    await made.stop()


async def decode(service: DecodingService, source: Memory, *, upload: bool = False) -> bytes:
    pcm = bytearray()

    async def take(block: bytes) -> None:
        pcm.extend(block)

    await service.decode(source, take, rate=16_000, block_seconds=0.1, upload=upload)
    return bytes(pcm)


async def decoder_pid(service: DecodingService) -> int:
    """The process id of the only decoder."""
    for _ in range(500):
        if len(service.pids) == 2:
            return service.pids[1]
        await asyncio.sleep(0.01)
    pytest.fail("there is no decoder")


async def held(
    service: DecodingService, seconds: float = 1.0, *, upload: bool = False
) -> tuple[Memory, asyncio.Future[bytes]]:
    """A file that is being decoded, and waits for its first bytes."""
    source = Memory(hostile.speech(seconds), stream=True)
    source.may_read.clear()
    running = asyncio.ensure_future(decode(service, source, upload=upload))
    await source.read_once.wait()
    return source, running


async def test_a_file(service: DecodingService) -> None:
    data = hostile.speech(1.0)
    assert await decode(service, Memory(data)) == data[44:]
    assert service.running == 0


@pytest.mark.parametrize("name", hostile.REFUSED)
async def test_what_is_refused(service: DecodingService, name: str) -> None:
    make, words = hostile.REFUSED[name]
    with pytest.raises(DecodeError) as caught:
        await decode(service, Memory(make()))
    assert words in caught.value.reason


async def test_files_do_not_wait_for_each_other(service: DecodingService) -> None:
    source, slow = await held(service)
    data = hostile.speech(0.5)
    assert await decode(service, Memory(data)) == data[44:]
    source.may_read.set()
    assert len(await slow) == 32_000


async def test_no_more_than_there_may_be(service: DecodingService) -> None:
    holding = [await held(service) for _ in range(3)]
    refused = service.refused
    with pytest.raises(BusyError, match="3 files are being decoded, the limit"):
        await decode(service, Memory(b""))
    assert service.refused == refused + 1
    for source, running in holding:
        source.may_read.set()
        await running
    await decode(service, Memory(hostile.speech(0.1)))


async def test_a_further_file_waits_and_a_live_one_goes_first() -> None:
    service = DecodingService(DecodingOptions(processes=1, queue_seconds=60))
    source, running = await held(service)
    order: list[str] = []

    async def decode_as(name: str, *, upload: bool) -> None:
        async def take(_: bytes) -> None:
            order.append(name)

        await service.decode(
            Memory(hostile.speech(0.1)), take, rate=16_000, block_seconds=1, upload=upload
        )

    waiting = [asyncio.ensure_future(decode_as("upload", upload=True))]
    await until(lambda: service.admission.waiting == 1)
    waiting.append(asyncio.ensure_future(decode_as("live", upload=False)))
    await until(lambda: service.admission.waiting == 2)
    source.may_read.set()
    await running
    await asyncio.gather(*waiting)
    assert order == ["live", "upload"]
    assert service.refused == 0
    await service.stop()


async def test_files_that_nobody_speaks_leave_decoders_for_those_who_do() -> None:
    service = DecodingService(DecodingOptions(processes=4))
    held_up = [await held(service, upload=True) for _ in range(3)]
    with pytest.raises(BusyError, match="3 whole files are being decoded, the limit"):
        await decode(service, Memory(hostile.speech(0.1)), upload=True)
    assert await decode(service, Memory(hostile.speech(0.1)))
    for source, running in held_up:
        source.may_read.set()
        await running
    await service.stop()


async def until(met: Callable[[], bool]) -> None:
    for _ in range(3000):
        if met():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not happen")


async def test_a_forker_that_ends_is_replaced_before_the_next_file() -> None:
    service = DecodingService(DecodingOptions())
    await service.start()
    for restarts in (1, 2):
        (forker,) = service.pids
        os.kill(forker, signal.SIGKILL)

        def replaced(restarts: int = restarts) -> bool:
            assert not service.stranded
            return service.restarts == restarts and len(service.pids) == 1

        await until(replaced)
        assert service.pids != [forker]
    await service.stop()
    assert service.pids == []


async def test_a_forker_that_cannot_be_replaced_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("liusheng.runtime.decoding.service._FIRST_BACKOFF", 0.01)
    service = DecodingService(DecodingOptions())
    await service.start()
    start, failures = launch.start_forker, 2

    async def fail_twice(options: DecodingOptions) -> ForkServer:
        nonlocal failures
        if failures:
            failures -= 1
            raise ForkerLostError("no process")
        return await start(options)

    monkeypatch.setattr("liusheng.runtime.decoding.service.start_forker", fail_twice)
    os.kill(service.pids[0], signal.SIGKILL)
    await until(lambda: failures == 0 and len(service.pids) == 1)
    await service.stop()


async def test_a_service_without_a_forker_for_long_is_stranded_until_it_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("liusheng.runtime.decoding.service._FIRST_BACKOFF", 0.01)
    monkeypatch.setattr("liusheng.runtime.decoding.service._LAST_BACKOFF", 0.01)
    now = 0.0
    monkeypatch.setattr(
        "liusheng.runtime.decoding.service.awake", SimpleNamespace(time=lambda: now)
    )
    service = DecodingService(DecodingOptions())
    await service.start()
    now = 100.0
    assert not service.stranded
    start, failures = launch.start_forker, 0

    async def fail(_: DecodingOptions) -> ForkServer:
        nonlocal failures
        failures += 1
        raise ForkerLostError("no process")

    monkeypatch.setattr("liusheng.runtime.decoding.service.start_forker", fail)
    os.kill(service.pids[0], signal.SIGKILL)
    await until(lambda: failures >= 3)
    assert not service.stranded
    now = 109.9
    assert not service.stranded
    now = 110.0
    assert service.stranded
    with pytest.raises(BusyError, match="no process can be started"):
        await decode(service, Memory(b""))
    assert service.stranded
    monkeypatch.setattr("liusheng.runtime.decoding.service.start_forker", start)
    await until(lambda: len(service.pids) == 1)
    assert not service.stranded
    await service.stop()


@pytest.mark.parametrize(
    ("number", "words", "logged"),
    [
        (signal.SIGSEGV, "crashed on it", "SIGSEGV"),
        (signal.SIGXCPU, "takes longer than its audio lasts", "SIGXCPU"),
        (signal.SIGKILL, "the system ended the process", "SIGKILL"),
    ],
)
async def test_a_decoder_dies(
    service: DecodingService,
    caplog: pytest.LogCaptureFixture,
    number: signal.Signals,
    words: str,
    logged: str,
) -> None:
    deaths = service.deaths
    source, running = await held(service)
    other, second = await held(service)
    os.kill(service.pids[1], number)
    source.may_read.set()
    other.may_read.set()
    results = await asyncio.gather(running, second, return_exceptions=True)
    (failure,) = (each for each in results if isinstance(each, DecodeError))
    (pcm,) = (each for each in results if isinstance(each, bytes))
    assert words in failure.reason
    assert len(pcm) == 32_000, "another file is not affected"
    assert service.deaths == deaths + 1
    (record,) = caplog.records
    assert f"ended on its input ({logged})" in record.getMessage()


@pytest.mark.parametrize("kills", [1, 2])
async def test_a_file_whose_decoder_something_else_ends_is_decoded_again(
    service: DecodingService, kills: int
) -> None:
    """Once: what ends two decoders may be the file after all."""
    data, left, pcm = hostile.speech(16.0), kills, bytearray()

    class Ending(Memory):
        """Ends the decoder while it waits for bytes, so that it cannot have sent everything."""

        async def read(self, position: int, size: int) -> bytes:
            nonlocal left
            if left and len(pcm) > 100_000 * (1 + kills - left):
                left -= 1
                os.kill(await decoder_pid(service), signal.SIGKILL)
            return await super().read(position, size)

    async def take(block: bytes) -> None:
        pcm.extend(block)

    decoding = service.decode(Ending(data), take, rate=16_000, block_seconds=0.1)
    if kills == 1:
        await decoding
        assert bytes(pcm) == data[44:]
    else:
        with pytest.raises(DecodeError, match="the system ended the process"):
            await decoding
        assert len(pcm) < len(data) - 44
        assert data[44:].startswith(pcm)
    assert left == 0


async def test_a_decoder_hangs(service: DecodingService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "options", replace(service.options, stall_seconds=1.5))
    source, running = await held(service)
    await asyncio.sleep(2)  # to wait for the file is not to hang
    os.kill(await decoder_pid(service), signal.SIGSTOP)
    source.may_read.set()
    with pytest.raises(DecodeError, match=r"did not progress for 1\.5 s"):
        await running


async def test_a_slow_taker_is_no_hanging_decoder(
    service: DecodingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "options", replace(service.options, stall_seconds=1.5))
    waited = False

    async def take(_: bytes) -> None:
        nonlocal waited
        if not waited:
            await asyncio.sleep(2)
        waited = True

    await service.decode(Memory(hostile.speech(1.0)), take, rate=16_000, block_seconds=0.5)
    assert waited


async def test_the_forker_dies_and_decoders_go_on(service: DecodingService) -> None:
    source, running = await held(service)
    restarts = service.restarts
    os.kill(service.pids[0], signal.SIGKILL)
    for _ in range(500):
        if not service.pids:
            break
        await asyncio.sleep(0.01)
    data = hostile.speech(0.2)
    assert await decode(service, Memory(data)) == data[44:]
    assert service.restarts == restarts + 1
    source.may_read.set()
    assert len(await running) == 32_000


async def test_a_decoder_dies_without_a_forker() -> None:
    service = DecodingService(DecodingOptions())
    source, running = await held(service)
    pid = await decoder_pid(service)
    os.kill(service.pids[0], signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    source.may_read.set()
    with pytest.raises(DecodeError, match="the decoder failed on it"):
        await running
    await service.stop()


async def test_a_stop_ends_decoders() -> None:
    service = DecodingService(DecodingOptions())
    source, running = await held(service)
    pid = await decoder_pid(service)
    await service.stop()
    assert service.pids == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    source.may_read.set()
    with pytest.raises(DecodeError):
        await running


async def test_a_forker_that_cannot_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(launch, "command", lambda *_: ["/bin/false"])
    service = DecodingService(DecodingOptions())
    with pytest.raises(BusyError, match="no process can be started"):
        await decode(service, Memory(b""))
    assert "no decoder can be started" in caplog.text
    with pytest.raises(ForkerLostError, match="did not start"):
        await service.start()
    await service.stop()


async def test_a_cancelled_file_ends_its_decoder(service: DecodingService) -> None:
    _, running = await held(service)
    pid = await decoder_pid(service)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    for _ in range(500):
        if pid not in service.pids:
            break
        await asyncio.sleep(0.01)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


class Liar:
    """A decoder that sends what it likes."""

    pid = 1
    number = 1

    def __init__(self, sent: bytes, status: int | None = None) -> None:
        self._status = status
        self.reader = asyncio.StreamReader()
        self.reader.feed_data(sent)
        self.reader.feed_eof()
        self.writer = self
        self.closed = False

    def write(self, _: bytes) -> None: ...
    async def drain(self) -> None: ...
    def kill(self) -> None: ...
    async def status(self, _: float) -> int | None:
        return self._status

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"P\0\0",
        wire.pack(b"?"),
        wire.pack(wire.PCM, b"odd"),
        wire.pack(wire.READ, b"short"),
        wire.pack(wire.END, b"no json"),
        wire.pack(wire.FAILED, b'{"reason": 1}'),
        wire.HEAD.pack(wire.PCM, 1 << 31),
    ],
)
async def test_a_decoder_is_not_believed(sent: bytes) -> None:
    liar = Liar(sent)
    conversation = DecoderConversation(liar, 30)  # type: ignore[arg-type]

    async def take(_: bytes) -> None: ...

    with pytest.raises(DecoderDiedError):
        await conversation.run(wire.DecodeJob(0, 16_000, 1_600), Memory(b""), take)
    assert liar.closed


async def test_no_process_is_not_the_files_fault(
    service: DecodingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fork(_: ForkServer) -> Liar:
        return Liar(b"", NOT_STARTED)

    monkeypatch.setattr(ForkServer, "fork", fork)
    with pytest.raises(BusyError, match="no process can be started"):
        await decode(service, Memory(b""))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, "unknown"),
        (11, "SIGSEGV"),
        (127 - 63, "SIGRTMAX|signal 64"),
        (256, "exit status 1"),
        (-1, "-1"),
    ],
)
async def test_endings(status: int | None, words: str) -> None:
    assert any(each in launch.ending(status) for each in words.split("|"))


async def test_a_forker_has_one_thread(service: DecodingService) -> None:
    """Or a fork could hold a lock of another."""
    await decode(service, Memory(hostile.speech(0.1)))
    status = await asyncio.to_thread(Path(f"/proc/{service.pids[0]}/status").read_text)
    assert "Threads:\t1\n" in status


async def test_forkers_start_and_stop() -> None:
    forker = await launch.start_forker(DecodingOptions(nice=1))
    assert forker.alive
    await forker.stop()
    assert not forker.alive
    with pytest.raises(ForkerLostError):
        await forker.fork()
