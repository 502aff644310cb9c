"""Which device engines get, without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.models import devices
from liusheng.models.devices import (
    CPU_PROVIDER,
    CUDA_PROVIDER,
    Device,
    DeviceError,
    check_providers,
    ctranslate2_device,
    may_be_cuda,
    onnx_providers,
    refuse_cuda,
)


@pytest.mark.parametrize(
    ("device", "count", "expected"),
    [("cpu", 2, "cpu"), ("auto", 0, "cpu"), ("auto", 1, "cuda"), ("cuda", 1, "cuda")],
)
def test_ctranslate2(device: Device, count: int, expected: str) -> None:
    assert ctranslate2_device(device, count) == expected


@pytest.mark.parametrize(
    ("device", "available", "expected"),
    [
        ("cpu", [CUDA_PROVIDER, CPU_PROVIDER], [CPU_PROVIDER]),
        ("auto", ["AzureExecutionProvider", CPU_PROVIDER], [CPU_PROVIDER]),
        ("auto", [CUDA_PROVIDER, CPU_PROVIDER], [CUDA_PROVIDER, CPU_PROVIDER]),
        ("cuda", ["Tensorrt", CUDA_PROVIDER, CPU_PROVIDER], [CUDA_PROVIDER, CPU_PROVIDER]),
    ],
)
def test_onnx_runtime(device: Device, available: list[str], expected: list[str]) -> None:
    assert onnx_providers(device, available) == expected


def test_what_cannot_be_had_is_refused_with_advice() -> None:
    with pytest.raises(DeviceError, match="finds no CUDA device: install the driver"):
        ctranslate2_device("cuda", 0)
    with pytest.raises(DeviceError, match=r"it has CPUExecutionProvider.*onnxruntime-gpu"):
        onnx_providers("cuda", [CPU_PROVIDER])
    with pytest.raises(DeviceError, match="could not start CUDA"):
        check_providers("cuda", [CPU_PROVIDER])
    with pytest.raises(DeviceError, match=r'hibari-tts computes on the CPU only.*to "auto"'):
        refuse_cuda("cuda", "hibari-tts")


def test_what_can_be_had_is_not_refused() -> None:
    check_providers("cuda", [CUDA_PROVIDER, CPU_PROVIDER])
    check_providers("auto", [CPU_PROVIDER])
    refuse_cuda("auto", "hibari-tts")


def test_without_a_driver_nothing_is_on_a_gpu(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    driver = tmp_path / "nvidiactl"
    monkeypatch.setattr(devices, "_DRIVERS", (driver,))
    assert not may_be_cuda("auto")
    assert may_be_cuda("cuda"), "the engine says what is missing"
    driver.touch()
    assert may_be_cuda("auto")
    assert not may_be_cuda("cpu")
