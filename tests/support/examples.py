"""How many examples a property test tries."""

from __future__ import annotations

from hypothesis import settings


def examples(number: int) -> int:
    """Return `number`, or less of it where the profile `quick` is selected (tests/conftest.py)."""
    selected = settings().max_examples
    return min(number, selected) if selected < settings.get_profile("full").max_examples else number
