from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.bench.asr_client import AsrResult
from liusheng.bench.asr_load import AsrLoad
from liusheng.bench.recordings import Clip, Recording
from liusheng.client import connect

from ..client.conftest import FakeServer


def clips(*seconds: float) -> list[Clip]:
    return [
        Clip(Recording(f"r{n}", "zh", Path(f"r{n}.wav"), ""), bytes(2 * round(16_000 * length)))
        for n, length in enumerate(seconds)
    ]


def names(server: FakeServer) -> list[str]:
    return [frame["name"] for frame in server.received if isinstance(frame, dict)]


async def test_streams_start_at_different_recordings(server: FakeServer) -> None:
    load = AsrLoad(streams=2, seconds=1.0, ramp=0.0)
    async with connect(server.url) as client:
        results = await load.run(client, clips(0.09, 0.09, 0.09, 0.09))
    assert {names(server)[0], names(server)[1]} == {"r0", "r2"}
    assert len(results) >= 4
    assert not any(result.failure for result in results)


async def test_recordings_in_progress_are_finished_under_the_same_load(server: FakeServer) -> None:
    load = AsrLoad(streams=2, seconds=0.05, ramp=0.0)
    seen: list[AsrResult] = []
    async with connect(server.url) as client:
        results = await load.run(client, clips(0.1, 0.6), seen.append)
    # The stream of the short one went on during the long one, unmeasured.
    assert sorted(result.recording.id for result in results) == ["r0", "r1"]
    assert seen == results
    assert len(names(server)) > 2


async def test_recordings_that_start_during_the_ramp_are_not_measured(server: FakeServer) -> None:
    load = AsrLoad(streams=2, seconds=0.2, ramp=0.3)
    async with connect(server.url) as client:
        results = await load.run(client, clips(0.09))
    assert results
    assert all(result.began >= load.ramp for result in results)
    # After those `seconds`, only the first one of a stream that has had none.
    assert sum(result.began >= load.ramp + load.seconds for result in results) <= load.streams
    assert len(names(server)) > len(results)


async def test_each_stream_is_measured_at_least_once(server: FakeServer) -> None:
    # Both are in a recording when the measurement begins, and start the next one after its end.
    load = AsrLoad(streams=2, seconds=0.05, ramp=0.1)
    async with connect(server.url) as client:
        results = await load.run(client, clips(0.4, 0.4))
    assert len(results) == 2
    assert all(result.began >= load.ramp for result in results)


async def test_a_recording_without_a_final_is_lost(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liusheng.bench.asr_load._FINAL_TIMEOUT", 0.2)
    server.silent_from = 0
    load = AsrLoad(streams=1, seconds=0.1, ramp=0.0)
    async with connect(server.url) as client:
        results = await load.run(client, clips(0.09))
    assert [result.failure for result in results] == ["no_final"]


@pytest.mark.slow
async def test_refused_recordings_are_counted(server: FakeServer) -> None:
    server.greeting = '{"status": "error", "code": "server_busy", "message": "Full."}'
    load = AsrLoad(streams=1, seconds=0.1, ramp=0.0, lang="en")
    async with connect(server.url) as client:
        results = await load.run(client, clips(0.09))
    assert [result.failure for result in results] == ["server_busy"]
    assert server.received[0]["lang"] == "en"
