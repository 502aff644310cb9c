from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes can import `fake_handlers`."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "fakes"))
