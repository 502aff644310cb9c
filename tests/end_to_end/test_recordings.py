"""Real recordings through a real server, by a client written for the original one."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import websockets

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.bench.recordings import Recording, read_manifest
from liusheng.bench.scoring import Errors, errors

PACKET = 2_720
AT_ONCE = 4

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        "LIUSHENG_EVAL_SET" not in os.environ,
        reason="LIUSHENG_EVAL_SET names no manifest of recordings",
    ),
]


def recordings(lang: str) -> list[Recording]:
    manifest = read_manifest(Path(os.environ["LIUSHENG_EVAL_SET"]))
    return [recording for recording in manifest if recording.lang == lang]


async def original_client(address: str, recording: Recording, **fields: str) -> dict[str, Any]:
    """The reference client of the original: 85 ms packets in lock-step, as fast as it can."""
    pcm = b"".join(map(samples_to_pcm, decode_file(recording.path, 16_000)))
    url = f"ws://{address}/paddlespeech/asr/streaming"
    async with websockets.connect(url) as socket:
        start = {"name": recording.id, "signal": "start", "nbest": 1, **fields}
        await socket.send(json.dumps(start))
        ready = json.loads(await socket.recv())
        assert (ready["status"], ready.get("signal")) == ("ok", "server_ready"), ready
        for at in range(0, len(pcm), PACKET):
            await socket.send(pcm[at : at + PACKET].ljust(PACKET, b"\0"))
            assert "result" in json.loads(await socket.recv())
        await socket.send(json.dumps({"name": recording.id, "signal": "end", "nbest": 1}))
        final: dict[str, Any] = json.loads(await socket.recv())
        with pytest.raises(websockets.ConnectionClosedOK):
            await socket.recv()
    return final


async def error_rate(address: str, language: str, **fields: str) -> Errors:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(recording: Recording) -> Errors:
        async with gate:
            final = await original_client(address, recording, **fields)
        check_final(final, recording)
        return errors(recording.reference, final["result"], language)

    return sum(await asyncio.gather(*map(one, recordings(language))), Errors())


def check_final(final: dict[str, Any], recording: Recording) -> None:
    text, times = final["result"], final["times"]
    assert (final["status"], final["name"], final["signal"]) == ("ok", recording.id, "finished")
    if re.search("[\u4e00-\u9fff]", text):
        assert "".join(time["w"] for time in times) == re.sub("[，。]", "", text)
        assert not re.search("^[，。]|[，。]{2}", text)
        assert text.endswith("。") or not re.search("[，。？！]", text)
    else:
        assert [time["w"] for time in times] == text.split()
    seconds = sum(map(len, decode_file(recording.path, 16_000))) / 16_000
    clock = 0.0
    for time in times:
        assert clock <= time["bg"] <= time["ed"] <= seconds + 0.1
        clock = time["ed"]


async def test_mandarin(address: str) -> None:
    rate = (await error_rate(address, "zh")).rate
    assert rate < 0.19, f"character error rate {rate:.1%}"


async def test_english(address: str) -> None:
    rate = (await error_rate(address, "en", lang="en")).rate
    assert rate < 0.13, f"word error rate {rate:.1%}"
