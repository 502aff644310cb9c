from __future__ import annotations

import pytest

from liusheng.bench.tts_client import PlaybackGap, playback_gaps, synthesize_text
from liusheng.bench.tts_load import TtsLoad
from liusheng.client import connect

from ..client.conftest import FakeServer


@pytest.mark.parametrize(
    ("arrivals", "gaps"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([(5.0, 1.0)], [], id="one packet"),
        pytest.param([(5.0, 0.2), (5.1, 0.2), (5.4, 0.2)], [], id="just in time"),
        pytest.param([(5.0, 0.2), (5.3, 0.5)], [(0.2, 0.1)], id="late"),
        pytest.param(
            # After a gap playback goes on from the late packet, so that the next one is in time.
            [(0.0, 0.1), (0.5, 1.0), (1.4, 0.1), (2.0, 0.1)],
            [(0.1, 0.4), (1.2, 0.4)],
            id="late twice",
        ),
    ],
)
def test_gaps_of_a_player(
    arrivals: list[tuple[float, float]], gaps: list[tuple[float, float]]
) -> None:
    found = playback_gaps(arrivals)
    assert [(gap.at, gap.seconds) for gap in found] == [
        (pytest.approx(at), pytest.approx(seconds)) for at, seconds in gaps
    ]


async def test_all_audio_of_a_text_is_received(server: FakeServer) -> None:
    async with connect(server.url) as client:
        result = await synthesize_text(client, "你好", 24_000, voice="baker", keep=True)
    assert result.pcm.decode() == "你0你1你2"
    assert result.seconds == pytest.approx(len(result.pcm) / 48_000)
    assert result.complete
    assert result.first_packet is not None
    assert result.took >= result.first_packet >= 0
    assert server.received[1] == {"text": "你好", "spk_id": 0, "voice": "baker"}


async def test_only_the_first_packet_is_received(server: FakeServer) -> None:
    server.audio_frames = 1000
    async with connect(server.url) as client:
        result = await synthesize_text(client, "你好", 24_000, to_end=False)
    assert not result.complete
    assert result.first_packet is not None
    assert result.seconds == pytest.approx(len("你0".encode()) / 48_000)


async def test_a_failure_has_the_servers_code(server: FakeServer) -> None:
    server.modern = True
    server.failing_text = "。"
    async with connect(server.url) as client:
        result = await synthesize_text(client, "。", 24_000)
    assert result.failure == "nothing_to_say"
    server.audio_frames = 0
    async with connect(server.url) as client:
        result = await synthesize_text(client, "嗯", 24_000)
    assert result.failure == "no_audio"


async def test_listeners_play_each_text_to_its_end(server: FakeServer) -> None:
    load = TtsLoad(listeners=2, seconds=0.3, ramp=0.1)
    async with connect(server.url) as client:
        # At this rate each text of six bytes lasts 0.1 s.
        measured = await load.run(client, 30, lambda number: f"{number}号")
    texts = [frame["text"] for frame in server.received if "text" in frame]
    assert set(texts[:2]) == {"0号", "1号"}
    assert all(0.1 <= result.began < 0.4 for result in measured)
    # Nobody requests a text before the last one has been played.
    assert 1 <= len(measured) <= 2 * 4
    assert not any(result.failure for result in measured)


def test_a_gap_has_its_position() -> None:
    assert playback_gaps([(0.0, 0.5), (1.0, 0.5)]) == [PlaybackGap(0.5, 0.5)]
