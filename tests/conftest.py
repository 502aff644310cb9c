from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: nothing here judges by the clock.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes can import `fake_handlers`."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "fakes"))
