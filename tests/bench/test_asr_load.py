from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.bench.asr_load import AsrLoad
from liusheng.bench.speaker import AsrResult, Clip
from liusheng.bench.transcribe import Recording
from liusheng.client import connect

from ..client.conftest import FakeServer


def clips(*seconds: float) -> list[Clip]:
    return [
        Clip(Recording(f"r{n}", "zh", Path(f"r{n}.wav"), ""), bytes(2 * round(16_000 * length)))
        for n, length in enumerate(seconds)
    ]


def names(server: FakeServer) -> list[str]:
    return [frame["name"] for frame in server.received if isinstance(frame, dict)]


async def test_speakers_go_through_the_recordings_from_different_places(server: FakeServer) -> None:
    crowd = AsrLoad(streams=2, seconds=0.3, ramp=0.0)
    async with connect(server.url) as client:
        takes = await crowd.speak(client, clips(0.09, 0.09, 0.09, 0.09))
    assert {names(server)[0], names(server)[1]} == {"r0", "r2"}
    assert len(takes) >= 4
    assert not any(take.failure for take in takes)


async def test_what_is_begun_is_finished_under_the_same_load(server: FakeServer) -> None:
    crowd = AsrLoad(streams=2, seconds=0.05, ramp=0.0)
    heard: list[AsrResult] = []
    async with connect(server.url) as client:
        takes = await crowd.speak(client, clips(0.1, 0.6), heard.append)
    # The short one's speaker went on while the long one was spoken, which is not measured.
    assert sorted(take.recording.id for take in takes) == ["r0", "r1"]
    assert heard == takes
    assert len(names(server)) > 2


async def test_what_begins_before_all_speak_is_not_measured(server: FakeServer) -> None:
    crowd = AsrLoad(streams=2, seconds=0.2, ramp=0.3)
    async with connect(server.url) as client:
        takes = await crowd.speak(client, clips(0.09))
    assert takes
    assert all(0.3 <= take.began < 0.5 for take in takes)
    assert len(names(server)) > len(takes)


async def test_each_speaker_is_measured_once_at_least(server: FakeServer) -> None:
    # Both speak when the measurement begins, and begin nothing else until it would be over.
    crowd = AsrLoad(streams=2, seconds=0.05, ramp=0.1)
    async with connect(server.url) as client:
        takes = await crowd.speak(client, clips(0.4, 0.4))
    assert len(takes) == 2
    assert all(take.began > 0.3 for take in takes)


async def test_what_never_gets_its_final_is_lost(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liusheng.bench.asr_load._PATIENCE", 0.2)
    server.silent_from = 0
    crowd = AsrLoad(streams=1, seconds=0.1, ramp=0.0)
    async with connect(server.url) as client:
        takes = await crowd.speak(client, clips(0.09))
    assert [take.failure for take in takes] == ["no_final"]


@pytest.mark.slow
async def test_who_is_turned_away_is_counted(server: FakeServer) -> None:
    server.greeting = '{"status": "error", "code": "server_busy", "message": "Full."}'
    crowd = AsrLoad(streams=1, seconds=0.1, ramp=0.0, lang="en")
    async with connect(server.url) as client:
        takes = await crowd.speak(client, clips(0.09))
    assert [take.failure for take in takes] == ["server_busy"]
    assert server.received[0]["lang"] == "en"
