"""Engines send nothing about their use to anyone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from liusheng.runtime.environment import worker_environment

USE_A_NETWORK = """
import numpy as np
from liusheng.asr.vad.silero import SileroVad
vad = SileroVad()
vad.probabilities(vad.open(), np.zeros(16_000, np.float32))
"""


def test_processes_tell_onnx_runtime_to_send_nothing() -> None:
    assert worker_environment()["ORT_DISABLE_TELEMETRY"] == "1"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="where ONNX Runtime writes is known for Linux")
def test_onnx_runtime_keeps_no_identifier_and_no_records(tmp_path: Path) -> None:
    # It sends nothing where these say that tests run.
    removed = {"CI", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    inherited = {name: value for name, value in os.environ.items() if name not in removed}
    environment = {**inherited, "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", USE_A_NETWORK], env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []
