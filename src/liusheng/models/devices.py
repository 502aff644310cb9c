"""Which device the engines compute on, by the setting of a task and by what each library offers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

Device = Literal["auto", "cpu", "cuda"]
"""auto: CUDA for each model whose library has it, the CPU for the others. cuda: every model."""

CUDA_PROVIDER = "CUDAExecutionProvider"
CPU_PROVIDER = "CPUExecutionProvider"


_DRIVERS = (Path("/dev/nvidiactl"), Path("/dev/dxg"))
"""What NVIDIA's driver makes on Linux; the second one is Windows' subsystem for it."""


class DeviceError(ValueError):
    """A device cannot be had; the message says why, and what to do."""


def may_be_cuda(device: Device) -> bool:
    """Whether a model may compute on a GPU, as far as one knows before a library is loaded.

    CUDA does not survive a fork: then workers cannot share the memory of what they load.
    """
    return device == "cuda" or (device == "auto" and any(each.exists() for each in _DRIVERS))


def ctranslate2_device(device: Device, cuda_devices: int) -> str:
    """Return the device for CTranslate2.

    cuda_devices: what `ctranslate2.get_cuda_device_count` returns.

    Raises:
        DeviceError: there is no CUDA device.
    """
    if device == "cuda" and not cuda_devices:
        raise DeviceError(
            "CTranslate2 finds no CUDA device: install the driver, CUDA 12 and cuDNN 9, and check "
            f"that `nvidia-smi` shows the GPU, or {_OTHERWISE}"
        )
    return "cuda" if device != "cpu" and cuda_devices else "cpu"


def onnx_providers(device: Device, available: Sequence[str]) -> list[str]:
    """Return the execution providers for ONNX Runtime, the preferred one first.

    available: what `onnxruntime.get_available_providers` returns.

    Raises:
        DeviceError: this build of the library has no CUDA.
    """
    if device == "cuda" and CUDA_PROVIDER not in available:
        raise DeviceError(
            f"this ONNX Runtime has no CUDA (it has {', '.join(available)}): install the package "
            f"onnxruntime-gpu in place of onnxruntime, or {_OTHERWISE}"
        )
    with_cuda = device != "cpu" and CUDA_PROVIDER in available
    return [CUDA_PROVIDER, CPU_PROVIDER] if with_cuda else [CPU_PROVIDER]


def check_providers(device: Device, used: Sequence[str]) -> None:
    """Check the providers that a session has: ONNX Runtime only warns where CUDA does not start.

    Raises:
        DeviceError: it is not on the device.
    """
    if device == "cuda" and CUDA_PROVIDER not in used:
        raise DeviceError(
            "ONNX Runtime could not start CUDA; its own message is in the log above. Install CUDA "
            f"12 and cuDNN 9, or {_OTHERWISE}"
        )


def refuse_cuda(device: Device, library: str) -> None:
    """Raise DeviceError where a model is to use CUDA whose library does not have it."""
    if device == "cuda":
        raise DeviceError(
            f"{library} computes on the CPU only: choose another model, or {_OTHERWISE}"
        )


_OTHERWISE = 'set the device to "auto" (what can be had) or "cpu"'
