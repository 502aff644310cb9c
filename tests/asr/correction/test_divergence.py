"""Where hypotheses agree and where they part."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.correction.divergence import Place, compare, differences

texts = st.text("一二三，A", min_size=1, max_size=9)


@given(texts, texts)
def test_with_its_differences_the_first_text_becomes_the_other(base: str, text: str) -> None:
    rebuilt, at = "", 0
    for begin, end, start, stop in differences(base, text):
        assert begin < end
        assert start < stop
        assert begin >= at
        rebuilt += base[at:begin]
        assert len(rebuilt) == start
        rebuilt += text[start:stop]
        at = end
    assert rebuilt + base[at:] == text


@given(st.lists(st.tuples(texts, st.floats(0.01, 1)), min_size=1, max_size=4))
def test_places_grow_from_the_beginning_to_the_end(weighted: list[tuple[str, float]]) -> None:
    base = weighted[0][0]
    for each in compare(weighted):
        assert len(each.places) == len(each.text) + 1
        assert len(each.costs) == len(each.text)
        assert each.places[0].order == 0
        assert each.places[-1] == Place(len(base), len(base))
        assert all(a.order < b.order for a, b in pairwise(each.places))
        assert all(cost >= 0 for cost in each.costs)


def test_hypotheses_meet_where_they_agree() -> None:
    one, other = compare([("他们走了", 1.0), ("他门走了", 1.0)])
    assert one.places == other.places


def test_what_half_of_them_have_costs_what_half_a_probability_does() -> None:
    one, other, _, third = compare([("一二三", 1), ("一四五三", 1), ("一二三", 1), ("一四三", 1)])
    assert one.costs == pytest.approx((0, 0.301, 0), abs=1e-3)
    assert other.costs == pytest.approx((0, 0.301, 0.301, 0), abs=1e-3)
    assert third.costs == pytest.approx((0, 0.602, 0), abs=1e-3)


@pytest.mark.parametrize(("base", "text", "shared"), [("一二三", "一三", 2), ("二三", "三", 2)])
def test_a_lack_is_charged_to_the_character_beside_it(base: str, text: str, shared: int) -> None:
    whole, lacking = compare([(base, 1.0), (text, 1.0)])
    assert sum(whole.costs) == pytest.approx(sum(lacking.costs)) == pytest.approx(0.301, abs=1e-3)
    assert sum(cost > 0 for cost in whole.costs) == shared
