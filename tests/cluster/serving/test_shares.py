from __future__ import annotations

from collections import Counter

from liusheng.cluster.serving.shares import Shares

REPLICAS = ("a", "b", "c")


def test_requests_at_the_same_time_are_spread() -> None:
    shares: Shares[str] = Shares()
    chosen: Counter[str] = Counter()
    for number in range(30):
        first = shares.order(REPLICAS)[0]
        shares.place(str(number), first, 0.0)
        chosen[first] += 1
    assert set(chosen.values()) == {10}


def test_a_new_replica_gets_what_comes_until_it_has_as_much() -> None:
    shares: Shares[str] = Shares()
    for number in range(4):
        shares.sent(str(number), "ab"[number % 2], 0.0)
    for number in (4, 5):
        assert shares.order(REPLICAS)[0] == "c"
        shares.sent(str(number), "c", 0.0)
    shares.ended("0")
    assert shares.order(REPLICAS)[0] == "a"
    shares.ended("0")
    assert shares.order(["b", "c"])[1] in {"b", "c"}, "an end may be told twice"


def test_what_was_given_up_before_it_was_sent_does_not_count_for_ever() -> None:
    shares: Shares[str] = Shares()
    shares.place("given up", "a", 0.0)
    shares.place("other", "b", 1.0)
    shares.sent("other", "b", 1.0)
    shares.place("later", "c", 100.0)
    assert shares.order(REPLICAS)[0] == "a"


def test_a_request_that_is_tried_again_counts_once() -> None:
    shares: Shares[str] = Shares()
    shares.place("1", "a", 0.0)
    shares.place("1", "b", 0.0)
    assert shares.order(["a", "b"])[0] == "a"
