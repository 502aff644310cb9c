"""Opening models that cannot be opened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from liusheng.models.devices import CPU_PROVIDER, CUDA_PROVIDER, DeviceError
from liusheng.models.types import InstalledModel, Kind, Task
from liusheng.tts.load import VoiceLoadError, load
from liusheng.tts.loudness import integrated_loudness
from liusheng.tts.onnx_session import open_session
from liusheng.tts.types import SpeechRequest
from liusheng.tts.voice_levels import LUFS


def test_no_models_are_no_voices() -> None:
    with pytest.raises(VoiceLoadError, match="no voice"):
        load([])


def test_a_recogniser_does_not_speak(tmp_path: Path) -> None:
    model = InstalledModel("ears", Task.ASR, Kind.WHISPER, tmp_path, {}, ("zh",))
    with pytest.raises(VoiceLoadError, match=r"kind whisper are not for synthesis"):
        load([model])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    model = InstalledModel("old", Task.TTS, Kind.FASTSPEECH2_MBMELGAN, tmp_path, {}, ("zh",))
    with pytest.raises(VoiceLoadError, match="old has no file for 'phones': remove it and pull"):
        load([model])


def test_the_device_reaches_the_sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []

    def opens(path: Path, device: str) -> None:
        given.extend([path.name, device])
        raise ValueError("opened")

    monkeypatch.setattr("liusheng.tts.fastspeech2.acoustic.open_session", opens)
    phones = tmp_path / "phones.json"
    phones.write_text('{"phones": {}, "syllables": {}}', "utf-8")
    files = {role: tmp_path / role for role in ("encoder", "decoder", "postnet", "vocoder")}
    files["phones"] = phones
    model = InstalledModel("v", Task.TTS, Kind.FASTSPEECH2_MBMELGAN, tmp_path, files, ("zh",))
    with pytest.raises(VoiceLoadError, match="opened"):
        load([model], device="auto")
    assert given == ["encoder", "auto"]


def test_sessions_are_on_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Session:
        def __init__(self, path: str, options: object, providers: list[str]) -> None:
            given.append(providers)

        def get_providers(self) -> list[str]:
            return used

    given: list[list[str]] = []
    used = [CUDA_PROVIDER, CPU_PROVIDER]
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [*used])
    open_session(tmp_path, "cuda")
    open_session(tmp_path)
    assert given == [[CUDA_PROVIDER, CPU_PROVIDER], [CPU_PROVIDER]]
    used = [CPU_PROVIDER]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA_PROVIDER])
    with pytest.raises(DeviceError, match="could not start CUDA"):
        open_session(tmp_path, "cuda")


@pytest.mark.parametrize("kind", [Kind.HIBARI, Kind.MATCHA])
def test_a_voice_that_has_no_gpu_refuses_it(tmp_path: Path, kind: Kind) -> None:
    model = InstalledModel("v", Task.TTS, kind, tmp_path, {}, ("en",))
    with pytest.raises(VoiceLoadError, match=r"tts\.device: v: .* computes on the CPU only"):
        load([model], device="cuda")


def test_the_same_model_twice(vits_model: InstalledModel) -> None:
    vits_model.options["speakers"] = ["one"]
    with pytest.raises(VoiceLoadError, match="same name: one, one"):
        load([vits_model, replace(vits_model, name="again")])


def test_a_model_without_audio(vits_model: InstalledModel) -> None:
    vits_model.files["tokens"].write_text("龘 0\n", "utf-8")
    with pytest.raises(VoiceLoadError, match="the voice beeps-0 gave no audio"):
        load([vits_model])


def test_a_speaker_that_was_measured_has_a_gain_of_its_own(
    vits_model: InstalledModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second speaker of the model is half as loud as the first."""

    text = "世界你好世界"

    def levels() -> list[float]:
        router = load([vits_model])
        spoken = [
            np.concatenate([block.samples for block in router.speak(SpeechRequest(text, name))])
            for name in ("beeps-0", "beeps-1")
        ]
        return [integrated_loudness(samples) for samples in spoken]

    first, second = levels()
    assert first - second == pytest.approx(6.0, abs=0.5), "both have the gain of the first"
    monkeypatch.setitem(LUFS, "beeps-0", -20.0)
    monkeypatch.setitem(LUFS, "beeps-1", -26.0)
    first, second = levels()
    assert first == pytest.approx(second, abs=0.5)
