from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def workers_find_the_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes import `fake_handlers` from here."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
