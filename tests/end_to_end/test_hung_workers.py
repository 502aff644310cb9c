"""Workers that hang in the middle of their work: another takes it over, and nothing is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.client import sync
from liusheng.client.messages import Final
from tests.conftest import served

pytestmark = pytest.mark.slow

CLIP = Path(__file__).parents[1] / "data" / "tiny" / "一二六.flac"
TEXT = "今天天气很好，我们一起去公园散步。" * 6


def workers(address: str) -> list[psutil.Process]:
    """Return the worker processes of a server."""
    port = int(address.rpartition(":")[2])
    (pid,) = {
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.laddr and connection.laddr.port == port and connection.status == "LISTEN"
    }
    assert pid
    return [
        child
        for child in psutil.Process(pid).children()
        if "liusheng.runtime.workers.worker" in child.cmdline()
    ]


def stop_the_busiest(address: str, before: dict[int, float]) -> None:
    """Stop the worker that has worked most since `before`."""
    found = workers(address)
    busiest = max(found, key=lambda each: sum(each.cpu_times()[:2]) - before.get(each.pid, 0.0))
    os.kill(busiest.pid, signal.SIGSTOP)


def processor_times(address: str) -> dict[int, float]:
    return {each.pid: sum(each.cpu_times()[:2]) for each in workers(address)}


def test_a_speech_goes_on_when_its_worker_hangs() -> None:
    with (
        served("--asr", "tiny", "--tts", "baker-zh", "--workers", "2") as address,
        sync.connect(address) as client,
    ):
        whole = b"".join(client.synthesize(TEXT))
        before = processor_times(address)
        heard = b""
        stopped = False
        for packet in client.synthesize(TEXT):
            heard += packet
            if len(heard) > len(whole) // 4 and not stopped:
                stop_the_busiest(address, before)
                stopped = True
        assert stopped
        assert heard == whole


def test_a_recognition_goes_on_when_a_worker_hangs() -> None:
    pcm = b"".join(map(samples_to_pcm, decode_file(CLIP, 16_000)))
    with (
        served("--asr", "tiny", "--no-tts", "--workers", "2") as address,
        sync.connect(address) as client,
    ):
        for _ in range(8):  # the server learns what batches cost
            client.recognize([pcm])
        before = processor_times(address)

        def packets() -> Iterator[bytes]:
            for number in range(4):
                yield from (pcm[at : at + 2_720] for at in range(0, len(pcm), 2_720))
                if number == 1:
                    stop_the_busiest(address, before)

        *_, final = client.recognize(packets())
        assert isinstance(final, Final)
        assert "".join(word.text for word in final.words) == "一二六" * 4
