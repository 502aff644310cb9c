from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.bench.asr_client import chunk_lags, recognize_clip, token_delays
from liusheng.bench.recordings import Clip, Recording
from liusheng.client import Word, connect

from ..client.conftest import FakeServer


def clip(seconds: float) -> Clip:
    recording = Recording("r1", "zh", Path("r1.wav"), "五包")
    return Clip(recording, bytes(2 * round(16_000 * seconds)))


async def test_a_recording_is_sent_in_real_time(server: FakeServer) -> None:
    server.modern = True
    async with connect(server.url) as client:
        result = await recognize_clip(client, clip(0.4), "zh")
    audio = [frame for frame in server.received if isinstance(frame, bytes)]
    assert [len(packet) for packet in audio] == [2720, 2720, 2720, 2720, 1920]
    assert server.received[0] == {
        "name": "r1",
        "nbest": 1,
        "lang": "zh",
        "resumable": True,
        "signal": "start",
    }
    assert result.text == "5包。"
    assert (result.seconds, result.model, result.failure) == (pytest.approx(0.4), "m", "")
    assert result.final_latency is not None
    assert result.final_latency >= 0
    # "包" was shown with the first packet, long before the 1 s at which the final says it ended.
    assert result.delays[1] < 0
    assert len(result.delays) == 2


async def test_a_pause_is_silence_that_is_sent(server: FakeServer) -> None:
    async with connect(server.url) as client:
        result = await recognize_clip(client, clip(0.1), "auto", pause=0.1)
    assert result.seconds == pytest.approx(0.2)
    assert server.received[0].get("lang", "auto") == "auto"


@pytest.mark.slow
async def test_a_failure_has_the_servers_code(server: FakeServer) -> None:
    server.greeting = '{"status": "error", "code": "server_busy", "message": "Full."}'
    async with connect(server.url) as client:
        result = await recognize_clip(client, clip(0.1), "zh")
    assert result.failure == "server_busy"
    assert result.final_latency is None


def test_the_delay_of_a_token_counts_from_its_end() -> None:
    words = [Word("one", 0.0, 0.5), Word("two", 0.5, 1.0), Word("three.", 1.0, 1.5)]
    shown = [(0.7, "one"), (1.2, "one too"), (1.8, "one two")]
    assert token_delays(words, shown, 2.5) == pytest.approx([0.2, 0.8, 1.0])


def test_letters_among_han_characters_are_timed_one_by_one() -> None:
    words = [
        Word(w, 0.1 * i, 0.1 * (i + 1)) for i, w in enumerate(["用", "A", "P", "P", " ", "吧"])
    ]
    delays = token_delays(words, [(0.5, "用app"), (0.8, "用APP 吧。")], 1.0)
    assert delays == pytest.approx([0.4, 0.3, 0.2, 0.1, 0.2])


def test_the_lag_of_a_chunk_counts_from_the_packet_that_completes_it() -> None:
    sent = [0.085 * (n + 1) for n in range(40)]
    # Each chunk of 0.34 s is completed by every fourth packet.
    progress = [(0.5, 0.34), (0.9, 0.68), (1.2, 1.02), (2.5, 1.70), (2.5, 2.04)]
    lags = chunk_lags(progress, sent)
    # One reply covers the fourth and the fifth.
    assert lags == pytest.approx([0.9 - 0.68, 1.2 - 1.02, 2.5 - 1.70, 2.5 - 1.36, 2.5 - 2.04])


def test_without_progress_there_are_no_lags() -> None:
    assert chunk_lags([], [0.1, 0.2]) == []
    assert chunk_lags([(0.3, 0.2)], [0.1, 0.2]) == []
