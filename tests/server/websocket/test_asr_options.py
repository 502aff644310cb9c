"""What a start may ask for, over a real socket: formats, and what the recogniser is told.

The recogniser is the fake that hears audio as the ASCII text that it is.
"""

from __future__ import annotations

import asyncio
import io
import threading
import wave
from typing import Any

import av
import numpy as np
import pytest

from liusheng.asr.types import StreamParams
from liusheng.audio.pcm import pcm_to_samples
from tests.server.conftest import Fakes, Serve, Server

END = {"name": "a", "signal": "end", "nbest": 1}
WORDS = b"one two three "

pytestmark = pytest.mark.asyncio(loop_scope="session")


def wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        out.writeframes(pcm)
    return file.getvalue()


def flac(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as out:
        stream = out.add_stream("flac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            np.frombuffer(pcm, "<i2")[None, :], format="s16", layout="mono"
        )
        frame.sample_rate = 16_000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def stereo(pcm: bytes) -> bytes:
    return np.repeat(np.frombuffer(pcm, "<i2"), 2).tobytes()


def encoded(container: str, codec: str, pcm: bytes) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=16_000, layout="mono")
        form = stream.codec_context.format.name
        samples = np.frombuffer(pcm, "<i2")[None, :]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 16_000
        frame.pts = 0
        resampler = av.AudioResampler(format=form, layout="mono", rate=stream.rate)
        for each in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(each))
        out.mux(stream.encode(None))
    return file.getvalue()


FORMS: dict[str, tuple[dict[str, Any], bytes]] = {
    "s16le": ({}, WORDS),
    "f32le": ({"format": "pcm_f32le"}, pcm_to_samples(WORDS).astype("<f4").tobytes()),
    "stereo": ({"channels": 2}, stereo(WORDS)),
    "wav": ({"format": "wav"}, wav(WORDS)),
    "flac": ({"format": "flac"}, flac(WORDS * 300)),
}


@pytest.mark.parametrize("form", FORMS)
async def test_every_format_is_recognised_with_a_reply_for_each_packet(
    server: Server, form: Any
) -> None:
    fields, data = FORMS[form]
    async with server.asr(**fields) as dialogue:
        for at in range(0, len(data), 700):
            reply = await dialogue.ask(data[at : at + 700])
            assert "code" not in reply
        final = await dialogue.ask(END)
        assert final["signal"] == "finished", final
        assert final["result"].split()[:3] == ["one", "two", "three"]
        assert await dialogue.close_code() == 1000


async def test_another_rate_is_made_ours(
    server: Server, engines: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed = bytearray()
    opened = engines[0].open

    def listened(*args: Any, **more: Any) -> Any:
        stream = opened(*args, **more)
        monkeypatch.setattr(stream, "feed", fed.extend)
        return stream

    monkeypatch.setattr(engines[0], "open", listened)
    async with server.asr(format="pcm_mulaw", sample_rate=8_000) as dialogue:
        await dialogue.ask(b"\xff" * 8_000)
        assert (await dialogue.ask(END))["result"] == ""
    assert bytes(fed) == bytes(32_000)


@pytest.mark.parametrize(
    ("form", "container", "codec"),
    [
        ("mp3", "mp3", "libmp3lame"),
        ("ogg_opus", "ogg", "libopus"),
        ("webm_opus", "webm", "libopus"),
    ],
)
async def test_containers_of_recorders_are_recognised_as_they_arrive(
    server: Server,
    engines: Fakes,
    monkeypatch: pytest.MonkeyPatch,
    form: Any,
    container: str,
    codec: str,
) -> None:
    fed = bytearray()
    opened = engines[0].open

    def listened(*args: Any, **more: Any) -> Any:
        stream = opened(*args, **more)
        monkeypatch.setattr(stream, "feed", fed.extend)
        return stream

    monkeypatch.setattr(engines[0], "open", listened)
    tone = np.sin(np.arange(32_000) / 6) * 8_000
    data = encoded(container, codec, tone.astype("<i2").tobytes())
    async with server.asr(format=form) as dialogue:
        for at in range(0, len(data), 1_000):
            assert "code" not in await dialogue.ask(data[at : at + 1_000])
        assert (await dialogue.ask(END))["signal"] == "finished"
    heard = np.frombuffer(bytes(fed), "<i2")
    assert len(heard) == pytest.approx(32_000, abs=3_000)
    assert np.abs(heard).max() == pytest.approx(8_000, rel=0.2)


async def test_invalid_audio_is_reported_in_the_next_reply(server: Server) -> None:
    async with server.asr(format="ogg_opus") as dialogue:
        for _ in range(200):
            reply = await dialogue.ask(b"this is no Ogg " * 1_000)
            if "code" in reply:
                break
        assert (reply["code"], reply["result"]) == ("invalid_audio", "")
        final = await dialogue.ask(END)
        assert final["code"] == "invalid_audio"
        assert await dialogue.close_code() == 1011


async def test_invalid_audio_is_reported_in_the_final(server: Server) -> None:
    async with server.asr(format="flac") as dialogue:
        await dialogue.ask(b"short")
        assert (await dialogue.ask(END))["code"] == "invalid_audio"


async def test_a_container_has_its_length(serve: Serve) -> None:
    server = await serve(limits={"max_session_seconds": 1})
    data = flac(b"word " * 16_000)
    async with server.asr(format="flac") as dialogue:
        for at in range(0, len(data), 4_000):
            await dialogue.ask(data[at : at + 4_000])
        # Whether it is decoded so far already or only after `end`.
        assert (await dialogue.ask(END))["code"] == "session_too_long"
        assert await dialogue.close_code() == 1011


async def test_a_client_that_goes_in_the_middle_of_a_container(server: Server) -> None:
    async with server.asr(format="flac") as dialogue:
        await dialogue.ask(flac(WORDS * 100)[:500])
        ready = await dialogue.ask({"name": "b", "signal": "start", "nbest": 1})
        assert ready["signal"] == "server_ready"
        await dialogue.ask(b"after ")
        assert (await dialogue.ask(END))["result"] == "after"


async def test_a_container_is_decoded_no_further_when_its_recognition_failed(
    server: Server,
) -> None:
    def decoding() -> bool:
        return any(thread.name == "decoding" for thread in threading.enumerate())

    letters = np.random.default_rng(0).integers(ord("a"), ord("z"), 400_000, np.uint8)
    data = flac(b"raise" + letters.tobytes() + b" ")
    async with server.asr(format="flac") as dialogue:
        reply = await dialogue.ask(data[:-10])
        while "code" not in reply:
            await asyncio.sleep(0.01)
            reply = await dialogue.ask(b"")
        assert reply["code"] == "recognition_failed"
        for _ in range(1_000):
            if not decoding():
                break
            await asyncio.sleep(0.01)
        assert not decoding(), "the thread waits for audio that never comes"
        ready = await dialogue.ask({"name": "b", "signal": "start", "nbest": 1})
        assert ready["signal"] == "server_ready"
        await dialogue.ask(b"after ")
        assert (await dialogue.ask(END))["result"] == "after"


async def test_parameters_reach_the_recogniser(
    server: Server, engines: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[StreamParams] = []
    opened = engines[0].open

    def listened(params: StreamParams, *args: Any, **more: Any) -> Any:
        told.append(params)
        return opened(params, *args, **more)

    monkeypatch.setattr(engines[0], "open", listened)
    wishes = {"hotwords": ["国庆"], "punctuation": False, "itn": True, "endpoint_ms": 300}
    async with server.asr(**wishes, nbest=3, lang="zh"):
        pass
    async with server.asr():
        pass
    assert told[0] == StreamParams(
        "zh", hotwords=("国庆",), nbest=3, endpoint=0.3, punctuation=False, itn=True
    )
    assert told[1] == StreamParams()


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"hotwords": ["Qing"]}, "Qing"), ({"lang": "zh", "hotwords": ["国"]}, "国")],
)
async def test_what_the_model_cannot_is_refused_and_the_client_can_go_on(
    server: Server, fields: dict[str, Any], words: Any
) -> None:
    async with server.asr() as dialogue:
        start = {"name": "a", "signal": "start", "nbest": 1}
        error = await dialogue.ask({**start, **fields})
        assert error["code"] == "not_supported_by_model"
        assert words in error["message"]
        assert (await dialogue.ask(start))["signal"] == "server_ready"


async def test_alternatives_come_with_the_final(server: Server) -> None:
    async with server.asr(nbest=3) as dialogue:
        await dialogue.ask(b"word ")
        final = await dialogue.ask(END)
        assert final["nbest"] == [{"result": "word", "score": 0.0}]
