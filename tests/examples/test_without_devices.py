"""What the examples say where there is no microphone, or no server."""

from __future__ import annotations

import runpy
import sys

import pytest

from ..client.conftest import in_thread
from .conftest import EXAMPLES


def message(name: str, address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what an example ends with."""
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    monkeypatch.setattr(sys, "argv", [name, "--server", address])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    return str(ended.value.code)


@pytest.mark.parametrize("name", ["live_captions.py", "voice_agent.py"])
def test_without_a_microphone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with in_thread() as server:
        said = message(name, server.url, monkeypatch)
    assert "run `pip install" in said
    assert f"python examples/{name} --file " in said


def test_without_a_server(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    monkeypatch.setattr("liusheng.client.backoff.Backoff.pause", lambda self: None)
    said = message("live_captions.py", f"ws://127.0.0.1:{unused_tcp_port}", monkeypatch)
    assert said.startswith("There is no server at ws://127.0.0.1:")
