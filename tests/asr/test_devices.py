"""The device that the setting names reaches the engines; the libraries are fakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ctranslate2
import onnxruntime
import pytest

from liusheng.asr.load import load
from liusheng.asr.options import AsrOptions
from liusheng.models.devices import CPU_PROVIDER, CUDA_PROVIDER, Device, DeviceError
from liusheng.models.types import InstalledModel, Kind, Task


class OpenedError(Exception):
    """In place of a model."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """With what an engine was opened."""
    given: dict[str, Any] = {}

    def opens(*_: object, **options: Any) -> None:
        given.update(options)
        raise OpenedError

    monkeypatch.setattr(ctranslate2.models, "Whisper", opens)
    monkeypatch.setattr(onnxruntime, "InferenceSession", opens)
    monkeypatch.setattr("liusheng.asr.offline.whisper.load_tokenizer", lambda _: object())
    return given


def whisper(tmp_path: Path) -> InstalledModel:
    return InstalledModel("w", Task.ASR, Kind.WHISPER, tmp_path, {}, ("zh",))


def moonshine(tmp_path: Path) -> InstalledModel:
    files = {role: tmp_path / role for role in ("encoder", "decoder", "tokens")}
    return InstalledModel("m", Task.ASR, Kind.MOONSHINE, tmp_path, files, ("en",))


@pytest.mark.parametrize(
    ("device", "count", "expected"), [("cpu", 1, "cpu"), ("cuda", 1, "cuda"), ("auto", 0, "cpu")]
)
def test_whisper(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    opened: dict[str, Any],
    device: Device,
    count: int,
    expected: str,
) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: count)
    with pytest.raises(OpenedError):
        load([whisper(tmp_path)], AsrOptions(device=device))
    assert opened["device"] == expected


@pytest.mark.parametrize(
    ("device", "expected"),
    [("cpu", [CPU_PROVIDER]), ("cuda", [CUDA_PROVIDER, CPU_PROVIDER])],
)
def test_moonshine(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    opened: dict[str, Any],
    device: Device,
    expected: list[str],
) -> None:
    available = [CUDA_PROVIDER, CPU_PROVIDER]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: available)
    with pytest.raises(OpenedError):
        load([moonshine(tmp_path)], AsrOptions(device=device))
    assert opened["providers"] == expected


def test_a_device_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    monkeypatch.setattr("liusheng.asr.offline.whisper.load_tokenizer", lambda _: object())
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU_PROVIDER])
    cuda = AsrOptions(device="cuda")
    with pytest.raises(DeviceError, match=r"asr\.device: CTranslate2 finds no CUDA device"):
        load([whisper(tmp_path)], cuda)
    with pytest.raises(DeviceError, match=r"asr\.device: this ONNX Runtime has no CUDA"):
        load([moonshine(tmp_path)], cuda)
    for kind in (Kind.SENSE_VOICE, Kind.ONLINE_TRANSDUCER):
        model = InstalledModel("s", Task.ASR, kind, tmp_path, {}, ("zh",))
        with pytest.raises(DeviceError, match="sherpa-onnx, which runs s, computes on the CPU"):
            load([model], cuda)
