from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Wait until something is so."""

    async def wait(condition: Callable[[], object]) -> None:
        for _ in range(2_000):
            if condition():
                return
            await asyncio.sleep(0.01)
        pytest.fail("it never came to that")

    return wait
