from __future__ import annotations

import pytest

from liusheng.bench.search import Search


def found(first: int, limit: int, grain: float = 0.0) -> tuple[int, list[int]]:
    search = Search(first, grain)
    asked = []
    while (number := search.next) is not None:
        asked.append(number)
        search.tried(number, number <= limit)
    return search.holds, asked


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 7, 16, 23, 100])
@pytest.mark.parametrize("first", [1, 4, 16, 64])
def test_the_last_one_that_holds_is_found(first: int, limit: int) -> None:
    holds, asked = found(first, limit)
    assert holds == limit
    assert len(asked) == len(set(asked))


def test_it_doubles_and_then_closes_in() -> None:
    assert found(4, 11) == (11, [4, 8, 16, 12, 10, 11])


def test_it_ends_where_it_is_near_enough() -> None:
    holds, asked = found(50, 333, grain=0.05)
    assert 0.95 * 333 <= holds <= 333
    assert len(asked) < 9


def test_it_begins_with_somebody() -> None:
    with pytest.raises(ValueError, match="not 0"):
        Search(0)
