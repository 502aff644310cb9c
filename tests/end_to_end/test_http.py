"""What the server says over HTTP, it understands over HTTP: real models, the users' own clients."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess

import openai
import pytest
import requests
import soxr

from liusheng.audio.pcm import pcm_to_samples, samples_to_pcm
from liusheng.bench.scoring import errors
from tests.support.programs import needs_curl

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


TEXT = "今天天气真不错，我们一起去公园散步吧。"


def said(address: str, accept: str) -> bytes:
    curl = subprocess.run(
        [
            *("curl", "-sS", "--fail", "-H", f"Accept: {accept}"),
            *("-d", json.dumps({"text": TEXT}), f"http://{address}/paddlespeech/tts/streaming"),
        ],
        capture_output=True,
        check=True,
    )
    return curl.stdout


def check(text: str) -> None:
    assert errors(TEXT, text, "zh").rate < 0.25, text


@needs_curl
@pytest.mark.parametrize("media", ["audio/wav", "audio/ogg", "audio/mpeg", "audio/flac"])
def test_streams_are_understood(address: str, media: str) -> None:
    url = f"http://{address}/paddlespeech/asr/streaming?lang=zh"
    curl = subprocess.run(
        ["curl", "-sSN", "--fail", "-X", "POST", "-T", "-", url],
        input=said(address, media),
        capture_output=True,
        check=True,
    )
    lines = [json.loads(line) for line in curl.stdout.splitlines()]
    assert lines[-1]["signal"] == "finished"
    check(lines[-1]["result"])
    stable = ""
    for line in lines:
        assert line["result"].startswith(line["stable"])
        assert line["stable"].startswith(stable)
        stable = line["stable"]


def test_whole_files(address: str) -> None:
    body = {"text": TEXT, "spk_id": 0, "sample_rate": 16_000, "save_path": None}
    url = f"http://{address}/paddlespeech"
    speech = requests.post(f"{url}/tts", json.dumps(body), timeout=300).json()["result"]
    assert 2 < speech["duration"] < 8
    body = {"audio": speech["audio"], "audio_format": "wav", "sample_rate": 16_000}
    answer = requests.post(f"{url}/asr", json.dumps({**body, "lang": "zh_cn"}), timeout=300)
    check(answer.json()["result"]["transcription"])


async def test_openai(address: str) -> None:
    async with openai.AsyncOpenAI(base_url=f"http://{address}/v1", api_key="any") as client:
        speech = await client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT)
        file = ("speech.mp3", speech.content)
        answer = await client.audio.transcriptions.create(
            model="whisper-1",
            file=file,
            language="zh",
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )
        check(answer.text)
        assert answer.segments
        assert answer.words
        assert "".join(segment.text for segment in answer.segments) == answer.text
        ends = [0.0, *(word.end for word in answer.words)]
        assert ends == sorted(ends)
        assert ends[-1] <= answer.duration + 0.1
        events = await client.audio.transcriptions.create(
            model="whisper-1", file=file, language="zh", stream=True
        )
        *deltas, done = [event async for event in events]
        assert done.type == "transcript.text.done"
        check(done.text)
        pieces = [event.delta for event in deltas if event.type == "transcript.text.delta"]
        assert "".join(pieces) == done.text


@needs_curl
async def test_openai_realtime(address: str) -> None:
    pcm = said(address, "application/octet-stream")
    async with (
        openai.AsyncOpenAI(base_url=f"http://{address}/v1", api_key="any") as client,
        client.realtime.connect(extra_query={"intent": "transcription"}) as connection,
    ):
        await connection.session.update(
            session={
                "type": "transcription",
                "audio": {"input": {"transcription": {"model": "whisper-1", "language": "zh"}}},
            }
        )
        silence = bytes(2 * 24_000 * 2)
        for at in range(0, len(pcm + silence), 9_600):
            piece = (pcm + silence)[at : at + 9_600]
            await connection.input_audio_buffer.append(audio=base64.b64encode(piece).decode())
        kinds: list[str] = []
        text = ""
        while not (text and kinds[-1].endswith("completed")):
            event = await asyncio.wait_for(connection.recv(), 120)
            kinds.append(event.type)
            text = getattr(event, "transcript", "")
        check(text)
        expected = ["speech_started", "speech_stopped", "committed", "completed"]
        assert [
            kind for kind in (k.rpartition(".")[2] for k in kinds) if kind in expected
        ] == expected


@needs_curl
def test_telephone(address: str) -> None:
    """PCM at 8 kHz, described by parameters."""
    samples = pcm_to_samples(said(address, "application/octet-stream"))
    pcm = samples_to_pcm(soxr.resample(samples, 24_000, 8_000))
    url = f"http://{address}/paddlespeech/asr/streaming"
    params = {"format": "pcm_s16le", "sample_rate": "8000", "lang": "zh"}
    answer = requests.post(url, pcm, params=params, timeout=300)
    check(json.loads(answer.text.splitlines()[-1])["result"])
