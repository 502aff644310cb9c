from __future__ import annotations

import pytest

from liusheng.bench.listener import Gap, listen, starved
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
def test_where_a_player_runs_dry(
    arrivals: list[tuple[float, float]], gaps: list[tuple[float, float]]
) -> None:
    found = starved(arrivals)
    assert [(gap.at, gap.seconds) for gap in found] == [
        (pytest.approx(at), pytest.approx(seconds)) for at, seconds in gaps
    ]


async def test_a_text_is_heard_to_the_end(server: FakeServer) -> None:
    async with connect(server.url) as client:
        said = await listen(client, "你好", 24_000, voice="baker", keep=True)
    assert said.pcm.decode() == "你0你1你2"
    assert said.seconds == pytest.approx(len(said.pcm) / 48_000)
    assert said.complete
    assert said.first_packet is not None
    assert said.took >= said.first_packet >= 0
    assert server.received[1] == {"text": "你好", "spk_id": 0, "voice": "baker"}


async def test_a_listener_may_hang_up(server: FakeServer) -> None:
    server.audio_frames = 1000
    async with connect(server.url) as client:
        said = await listen(client, "你好", 24_000, to_end=False)
    assert not said.complete
    assert said.first_packet is not None
    assert said.seconds == pytest.approx(len("你0".encode()) / 48_000)


async def test_what_went_wrong_has_the_servers_code(server: FakeServer) -> None:
    server.modern = True
    server.failing_text = "。"
    async with connect(server.url) as client:
        said = await listen(client, "。", 24_000)
    assert said.failure == "nothing_to_say"
    server.audio_frames = 0
    async with connect(server.url) as client:
        said = await listen(client, "嗯", 24_000)
    assert said.failure == "no_audio"


async def test_listeners_hear_each_text_out(server: FakeServer) -> None:
    audience = TtsLoad(listeners=2, seconds=0.3, ramp=0.1)
    async with connect(server.url) as client:
        # At this rate each text of six bytes lasts 0.1 s.
        measured = await audience.listen(client, 30, lambda number: f"{number}号")
    texts = [frame["text"] for frame in server.received if "text" in frame]
    assert set(texts[:2]) == {"0号", "1号"}
    assert all(0.1 <= said.began < 0.4 for said in measured)
    # Nobody asks before the last text has been played.
    assert 1 <= len(measured) <= 2 * 4
    assert not any(said.failure for said in measured)


def test_a_gap_says_where_it_is() -> None:
    assert starved([(0.0, 0.5), (1.0, 0.5)]) == [Gap(0.5, 0.5)]
