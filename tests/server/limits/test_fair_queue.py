"""Items that wait are taken in an order that is fair to their clients."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.server.limits.fair_queue import FairQueue

Q = 0.001
CLIENTS = st.sampled_from("abcde")
STEPS = st.lists(
    st.one_of(CLIENTS, st.sampled_from([0.0, 0.1 * Q, Q, 3 * Q, 40 * Q]), st.none()), max_size=200
)


@given(STEPS)
def test_all_is_taken_once_and_in_the_order_of_its_client(steps: list[str | float | None]) -> None:
    """steps: a client whose item is put, how long an item takes, or forgetting."""
    queue: FairQueue[tuple[str, int]] = FairQueue()
    waiting: dict[str, deque[int]] = {client: deque() for client in "abcde"}

    def take(seconds: float) -> None:
        client, number = queue.take()
        queue.took(seconds)
        assert waiting[client].popleft() == number

    for number, step in enumerate(steps):
        if isinstance(step, str):
            queue.put(step, (step, number))
            waiting[step].append(number)
        elif len(queue):
            take(step or 0.0)
        elif step is None:
            queue.forget()
        assert len(queue) == sum(map(len, waiting.values()))
    while queue:
        take(0.5 * Q)
    assert not any(waiting.values())
    with pytest.raises(IndexError):
        queue.take()


@given(st.lists(st.floats(0.01 * Q, 5 * Q), min_size=2, max_size=8))
def test_clients_who_always_want_more_have_the_same_time(costs: list[float]) -> None:
    """Whatever each item takes."""
    queue: FairQueue[int] = FairQueue()
    had = dict.fromkeys(range(len(costs)), 0.0)
    for client in 2 * list(range(len(costs))):
        queue.put(client, client)
    for _ in range(2_000):
        client = queue.take()
        queue.took(costs[client])
        had[client] += costs[client]
        queue.put(client, client)
    assert max(had.values()) - min(had.values()) <= 2 * max(costs)


def test_who_wants_little_comes_before_all_who_want_much() -> None:
    """Again and again, and although they all began together."""
    queue: FairQueue[str] = FairQueue()

    def work() -> str:
        name = queue.take()
        queue.took(0.1 * Q if name == "little" else 40 * Q)
        if name != "little":
            queue.put(name, name)
        return name

    for hog in range(100):
        queue.put(f"hog {hog}", f"hog {hog}")
    for _ in range(250):
        work()
    for _ in range(50):
        queue.put("little", "little")
        assert work() == "little"
        work()


def test_what_many_clients_have_is_charged_to_each() -> None:
    """Also when the queue looks for those that it may forget."""
    queue: FairQueue[int] = FairQueue()
    queue.put(-1, -1)
    for client in range(200):
        queue.put(client, client)
    for _ in range(201):
        queue.take()
        queue.took(10 * Q)
    for client in range(200):
        queue.put(client, client)
    queue.put("new", 1_000)
    assert queue.take() == 1_000


def test_a_long_pause_of_the_process_is_not_held_against_a_client() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.put("stopped", "stopped")
    queue.put("other", "other")
    assert queue.take() == "stopped"
    queue.took(600.0)
    order = []
    queue.put("stopped", "stopped")
    while "stopped" not in order:
        order.append(queue.take())
        queue.took(Q)
        queue.put("other", "other")
    assert len(order) < 250


def test_those_who_come_once_do_not_hold_up_who_has_had_something() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.put("old", "old")
    queue.take()
    queue.took(10 * Q)
    queue.put("old", "old")
    order = []
    for _ in range(20):
        queue.put(object(), "new")
    while "old" not in order:
        queue.put(object(), "new")
        order.append(queue.take())
        queue.took(Q)
    assert len(order) < 300


def test_who_comes_once_is_not_remembered_for_long() -> None:
    queue: FairQueue[int] = FairQueue()
    queue.put(-1, -1)
    for client in range(10_000):
        queue.put(client, client)
        queue.take()
        queue.took(Q)
    assert len(queue._lines) < 1_000
    queue.take()
    queue.took(Q)
    queue.forget()
    assert not queue._lines
