from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from liusheng.bench.soak.comparison import compare, distance, spread

texts = st.text("abc", max_size=8)


@given(texts, texts, texts)
def test_distances(a: str, b: str, c: str) -> None:
    assert (distance(a, b) == 0) is (a == b)
    assert 0 <= distance(a, b) == distance(b, a) <= 1
    assert spread([a, b, c]) == max(distance(a, b), distance(b, c), distance(a, c))


@given(st.lists(texts, min_size=1), texts)
def test_what_was_seen_without_faults_is_within_the_spread(seen: list[str], other: str) -> None:
    found = compare({"speech": seen}, [("speech", text) for text in seen])
    assert found.distances == (0.0,) * len(seen)
    assert found.outside == 0
    assert found.spread == spread(seen)


def test_one_lost_character_is_outside_if_runs_without_faults_are_equal() -> None:
    found = compare({"a": ["床前明月光"] * 3}, [("a", "床前明月光"), ("a", "床前明月")])
    assert found.spread == 0
    assert found.distances == (0.0, 0.2)
    assert found.outside == 1


def test_the_spread_is_that_of_all_speeches() -> None:
    without = {"a": ["abcdefghij", "abcdefghiX"], "b": ["abcdefghij"]}
    found = compare(without, [("b", "abcdefghiY"), ("b", "abcdefghXY")])
    assert found.spread == 0.1
    assert found.outside == 1


def test_one_text_has_no_spread() -> None:
    assert spread(["a"]) == 0
    assert distance("", "") == 0
