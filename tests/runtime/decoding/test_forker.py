"""What the process that forks decoders gives to a decoder."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from liusheng.runtime.decoding import forker as module
from liusheng.runtime.decoding.options import DecodingOptions


def test_a_fork_decodes_one_file_confined(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []

    class Forker:
        def __init__(self, control: str, serve: Callable[[Any], None]) -> None:
            done.append(control)
            self._serve = serve

        def run(self) -> None:
            self._serve("socket")

    def confine(sock: str, memory_bytes: int, base: int) -> str:
        done.append((sock, memory_bytes, base))
        return "moved"

    confinement = SimpleNamespace(confine=confine, address_space=lambda: 77)
    monkeypatch.setattr(module, "Forker", Forker)
    monkeypatch.setattr(module, "warm_up", lambda: done.append("warm"))
    monkeypatch.setattr(module, "confinement", confinement)
    monkeypatch.setattr(module, "worker", SimpleNamespace(serve=lambda sock, _: done.append(sock)))
    control: Any = "control"
    module.serve(control, DecodingOptions(memory_bytes=5))
    assert done == ["warm", "control", ("socket", 5, 77), "moved"]


def test_more_time_is_allowed_as_audio_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed: list[float] = []
    monkeypatch.setattr(module, "confinement", SimpleNamespace(allow_processor_time=allowed.append))
    keeper = module._TimeKeeper()
    for decoded in (1.0, 5.0, 6.0, 9.9, 12.5, 17.0, 17.5):
        keeper(decoded)
    assert allowed == [5.0, 12.5, 17.5]
