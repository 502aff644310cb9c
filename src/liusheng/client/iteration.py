"""Iteration over what the caller gives: iterables of either kind."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import TypeVar

_T = TypeVar("_T")


async def each(items: Iterable[_T] | AsyncIterable[_T]) -> AsyncGenerator[_T, None]:
    """Iterate over either kind of iterable; an iterator that may block is read in a thread."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    elif isinstance(items, (list, tuple)):
        for item in items:
            yield item
    else:
        iterator = iter(items)
        while got := await asyncio.to_thread(lambda: list(itertools.islice(iterator, 1))):
            yield got[0]
