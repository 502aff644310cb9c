"""What each process loads, and import cycles. Which module may import which is in pyproject.toml,
checked by `lint-imports`."""

from __future__ import annotations

import os
import subprocess
import sys
from graphlib import TopologicalSorter

import grimp
import pytest

import liusheng
import liusheng.client

ENGINES = {
    "ctranslate2",
    "faster_whisper",
    "hibari",
    "kenlm",
    "onnx",
    "onnxruntime",
    "sherpa_onnx",
    "tokenizers",
    "wetext",
}
SERVER = {"httpx", "pydantic", "starlette", "structlog", "uvicorn"}
CLIENT = {"asyncio", "msgspec", "numpy", "websockets"}


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        pytest.param("liusheng.server.main", ENGINES | {"av"}, id="server: engines are in workers"),
        pytest.param("liusheng", CLIENT | ENGINES | SERVER, id="package"),
        pytest.param("liusheng.client", ENGINES | SERVER, id="client"),
        pytest.param("liusheng.cli", ENGINES | SERVER, id="command"),
        pytest.param("liusheng.protocol.asr_session", {"asyncio", "numpy"}, id="asr session"),
        pytest.param("liusheng.protocol.tts_session", {"asyncio", "numpy"}, id="tts session"),
        pytest.param("liusheng.protocol.realtime_session", {"asyncio", "numpy"}, id="realtime"),
    ],
)
def test_an_import_loads_none_of(module: str, forbidden: set[str]) -> None:
    environment = {key: os.environ[key] for key in os.environ if not key.startswith("COVERAGE_")}
    result = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    loaded = {name.partition(".")[0] for name in result.stdout.split()}
    assert not loaded & forbidden


def test_no_module_imports_itself_through_others() -> None:
    """The contract on siblings does not see a cycle of a package and a module in it."""
    graph = grimp.build_graph("liusheng", cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    assert len(imports) > 100
    TopologicalSorter(imports).prepare()  # raises CycleError, which shows the cycle


def test_connect_is_an_attribute_of_the_package() -> None:
    assert liusheng.connect is liusheng.client.connect
    with pytest.raises(AttributeError, match="has no attribute 'conect'"):
        liusheng.conect  # noqa: B018
