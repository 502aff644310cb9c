"""ONNX Runtime sessions with the settings of a synthesis worker."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from liusheng.models.devices import Device, check_providers, onnx_providers


def open_session(
    path: Path, device: Device = "cpu", *, dequantised: bool = False
) -> onnxruntime.InferenceSession:
    """Open a model on one thread: the cores are shared by workers, not by one computation.

    dequantised: weights that are stored in 8 bits are computed with in float32.

    Raises:
        DeviceError: the device cannot be had.
        ValueError: the file is not a model that ONNX Runtime can open.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Its arena keeps, of each session, what the largest clause needed. The process's allocator
    # serves all sessions from the same memory, as fast (measured: the same samples, no slower).
    options.enable_cpu_mem_arena = False
    if dequantised:
        options.add_session_config_entry("session.disable_quant_qdq", "1")
    providers = onnx_providers(device, onnxruntime.get_available_providers())
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # the library's exceptions share no public base
        raise ValueError(f"{path} cannot be opened as an ONNX model: {error}") from error
    check_providers(device, session.get_providers())
    return session
