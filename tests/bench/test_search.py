from __future__ import annotations

import pytest

from liusheng.bench.search import Search


def found(first: int, limit: int, tolerance: float = 0.0) -> tuple[int, list[int]]:
    search = Search(first, tolerance)
    tries = []
    while (number := search.next) is not None:
        tries.append(number)
        search.tried(number, number <= limit)
    return search.largest, tries


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 7, 16, 23, 100])
@pytest.mark.parametrize("first", [1, 4, 16, 64])
def test_the_largest_number_that_passes_is_found(first: int, limit: int) -> None:
    largest, tries = found(first, limit)
    assert largest == limit
    assert len(tries) == len(set(tries))


def test_it_doubles_and_then_bisects() -> None:
    assert found(4, 11) == (11, [4, 8, 16, 12, 10, 11])


def test_it_ends_within_the_tolerance() -> None:
    largest, tries = found(50, 333, tolerance=0.05)
    assert 0.95 * 333 <= largest <= 333
    assert len(tries) < 9


def test_it_begins_with_at_least_one() -> None:
    with pytest.raises(ValueError, match="not 0"):
        Search(0)
