from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.warm_workers import warm_workers


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def warm() -> AsyncIterator[None]:
    """The tests of a module, on one event loop, use each other's worker processes."""
    async with warm_workers():
        yield
