"""What a process loads. Which module may import which is in pyproject.toml (`lint-imports`)."""

from __future__ import annotations

import subprocess
import sys

import pytest

import liusheng
import liusheng.client

ENGINES = {
    "ctranslate2",
    "faster_whisper",
    "hibari",
    "onnx",
    "onnxruntime",
    "sherpa_onnx",
    "tokenizers",
    "wetext",
}
SERVER = {"httpx", "pydantic", "starlette", "structlog", "uvicorn"}


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        pytest.param("liusheng.server.main", ENGINES, id="engines live in the worker processes"),
        pytest.param(
            "liusheng",
            {"asyncio", "msgspec", "numpy", "websockets"} | ENGINES | SERVER,
            id="the package itself is light",
        ),
        pytest.param("liusheng.client", ENGINES | SERVER, id="a client needs no server package"),
        pytest.param("liusheng.cli", ENGINES | SERVER, id="the command starts quickly"),
        pytest.param("liusheng.protocol.asr_session", {"asyncio", "numpy"}, id="sessions are pure"),
        pytest.param("liusheng.protocol.tts_session", {"asyncio", "numpy"}, id="so is synthesis"),
        pytest.param("liusheng.protocol.realtime_session", {"asyncio", "numpy"}, id="and realtime"),
    ],
)
def test_importing_loads_none_of(module: str, unwanted: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    loaded = {name.partition(".")[0] for name in result.stdout.split()}
    assert not loaded & unwanted


def test_the_client_is_at_hand() -> None:
    assert liusheng.connect is liusheng.client.connect
    with pytest.raises(AttributeError, match="has no attribute 'conect'"):
        liusheng.conect  # noqa: B018
