from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from liusheng.audio.wav import open_wav
from liusheng.bench import evaluation
from liusheng.bench.evaluation import Evaluator, evaluate_server
from liusheng.bench.recordings import Clip, Recording
from liusheng.bench.scoring import Errors
from liusheng.models.types import InstalledModel, Kind, Task

from ..client.conftest import FakeServer
from .test_transcribe import WordRecognizer

MODEL = InstalledModel("words", Task.ASR, Kind.WHISPER, Path(), {}, ("en",))


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    with open_wav(tmp_path / "a.wav", 16_000) as wav:
        wav.write(bytes(2 * 32_000))
    return Recording("a", "en", tmp_path / "a.wav", "one two tree four five")


def test_a_recording_is_transcribed_in_three_ways(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def load(model: InstalledModel) -> object:
        loaded.append(model.name)
        return lambda samples, lang: f"one {lang} {len(samples)}"

    monkeypatch.setattr(evaluation, "offline_transcriber", load)
    evaluator = Evaluator(WordRecognizer(), [MODEL])
    live = evaluator.live(recording, 0.5, lambda: 0.0)
    assert (live.live, live.model, live.seconds) == ("one two three four", "words", 2.0)
    assert live.delays == pytest.approx((0.0, 0.5, 0.0, 0.0))
    assert (live.whole, live.plain) == (None, None)
    result = evaluator.with_offline(live)
    assert result.live_errors == result.whole_errors == Errors(2, 5)
    assert result.plain == "one en 32000"
    assert result.cpu_whole >= 0
    assert result.cpu_plain >= 0
    evaluator.with_plain(live)
    assert loaded == ["words"], "the model is loaded once"


def test_an_online_model_has_no_plain_transcript(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(model: InstalledModel) -> object:
        raise ValueError("it is an online model")

    monkeypatch.setattr(evaluation, "offline_transcriber", load)
    evaluator = Evaluator(WordRecognizer(), [MODEL])
    result = evaluator.with_offline(evaluator.live(recording))
    assert result.plain is None
    assert np.isnan(result.cpu_plain)


def test_a_language_that_no_model_recognises(recording: Recording) -> None:
    evaluator = Evaluator(WordRecognizer(), [MODEL])
    with pytest.raises(ValueError, match="recordings in 'fr', but the models recognise: en"):
        evaluator.live(Recording("a", "fr", recording.path, ""))


async def test_recordings_are_sent_to_a_server(server: FakeServer) -> None:
    server.modern = True
    recording = Recording("a", "zh", Path("a.wav"), "二包")
    results = await evaluate_server(server.url, [Clip(recording, bytes(2_720 * 2))] * 2, 1)
    assert [result.live for result in results] == ["2包。"] * 2
    assert results[0].live_errors == Errors(0, 2)
    assert results[0].final_latency >= 0
    assert results[0].failure == ""
    # One more, first, to see whether the server works.
    assert len([frame for frame in server.received if isinstance(frame, dict)]) == 3
