"""Streams of an online model over real worker processes that are killed on the way."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from liusheng.asr.load import load
from liusheng.asr.options import AsrOptions
from liusheng.asr.recognizer import Turn
from liusheng.asr.types import Partial, StreamParams, Utterance
from liusheng.audio.pcm import samples_to_pcm
from liusheng.models.types import InstalledModel, Kind, Task
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.recognition.stream import RecognitionStream
from tests.support.random_models import small as random_small_models
from tests.support.random_models.calibration import babble

PACKET = 2720


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> InstalledModel:
    folder = tmp_path_factory.mktemp("nemo-ctc")
    random_small_models.nemo_ctc(folder)
    files = {"model": folder / "model.onnx", "tokens": folder / "tokens.txt"}
    return InstalledModel("nemo", Task.ASR, Kind.ONLINE_NEMO_CTC, folder, files, ("zh", "en"))


def in_one_pass(model: InstalledModel, pcm: bytes) -> tuple[Utterance, ...]:
    """Return what an undisturbed recogniser makes of it, all at once."""
    recognizer = load([model])
    return recognizer.advance([Turn(recognizer.open(StreamParams()), pcm, last=True)])[0].closed


@pytest.mark.slow
async def test_no_word_is_lost_or_doubled_when_workers_die(model: InstalledModel) -> None:
    spoken = [samples_to_pcm(babble(12.0, seed=seed)) for seed in range(6)]
    recognition = RecognitionService(
        [model], AsrOptions(), RecognitionServiceOptions(), PoolOptions(workers=2, call_timeout=60)
    )
    await recognition.start()
    try:
        closed: list[list[Utterance]] = [[] for _ in spoken]
        over = [asyncio.get_running_loop().create_future() for _ in spoken]
        moved = asyncio.Event()

        def follow(n: int) -> None:
            def update(utterances: tuple[Utterance, ...], partial: Partial) -> None:
                closed[n].extend(utterances)
                moved.set()

            streams.append(
                recognition.open(
                    StreamParams(),
                    update,
                    lambda: over[n].set_result(None),
                    over[n].set_exception,
                )
            )

        streams: list[RecognitionStream] = []
        for n in range(len(spoken)):
            follow(n)
        rounds = -(-len(spoken[0]) // PACKET)
        for k in range(rounds):
            for stream, pcm in zip(streams, spoken, strict=True):
                stream.feed(pcm[k * PACKET : (k + 1) * PACKET])
            if k in (rounds // 3, 2 * rounds // 3):
                # In the middle of speech, when everything so far was taken in.
                while any(stream.queued_seconds > 1 for stream in streams):
                    moved.clear()
                    await asyncio.wait_for(moved.wait(), 60)
                victim = recognition.pids[0 if k == rounds // 3 else -1]
                os.kill(victim, signal.SIGKILL)
            await asyncio.sleep(0)
        for stream in streams:
            stream.finish()
        await asyncio.wait_for(asyncio.gather(*over), 120)
    finally:
        await recognition.stop()
    for said, pcm in zip(closed, spoken, strict=True):
        assert len(said) >= 2
        assert tuple(said) == in_one_pass(model, pcm)
