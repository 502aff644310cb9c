"""Connections and sessions of one address and in all: how many there may be."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.config.limits import LimitSettings
from liusheng.server.limits.connections import ConnectionTable, OpenConnection, is_local
from liusheng.server.limits.places import Places
from liusheng.server.limits.server_limits import ServerLimits


def never() -> None:
    pytest.fail("this connection had to give way")


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("unknown", True),
        ("192.0.2.1", False),
        ("2001:db8::/64", False),
        ("fe80::1%eth0", False),
    ],
)
def test_own_addresses(address: str, local: bool) -> None:
    assert is_local(address) is local


def test_a_connection_without_a_request_gives_way_to_a_new_one() -> None:
    table = ConnectionTable(3, 10)
    gone: list[str] = []

    def opened(name: str, now: float) -> OpenConnection:
        return table.open("192.0.2.1", partial(gone.append, name), now)

    busy = opened("busy", 0)
    busy.waiting = False
    opened("silent", 1)
    opened("fresh", 4)
    opened("new", 4.5)
    assert gone == ["silent"]
    with pytest.raises(ProtocolError) as caught:
        opened("too many", 4.9)  # those that wait have only just come
    assert caught.value.code is ErrorCode.SERVER_BUSY
    assert (len(table), table.evicted, table.refused["server_busy"]) == (3, 1, 1)
    table.waits(busy, 5)
    opened("another", 6)
    assert gone == ["silent", "fresh"]


def test_an_address_has_a_share() -> None:
    table = ConnectionTable(100, 2, ["198.51.100.0/24", "2001:db8::1"])
    first = table.open("192.0.2.1", never, 0)
    table.open("192.0.2.1", never, 0)
    with pytest.raises(ProtocolError) as caught:
        table.open("192.0.2.1", never, 0)
    assert caught.value.code is ErrorCode.TOO_MANY_CONNECTIONS
    table.open("192.0.2.2", never, 0)
    for _ in range(3):
        table.open("127.0.0.1", never, 0)
        table.open("198.51.100.7", never, 0)
    table.close(first)
    table.close(first)
    table.open("192.0.2.1", never, 0)
    assert len(table) == 9


def test_a_client_has_one_share_of_all_its_addresses() -> None:
    table = ConnectionTable(100, 2, ["198.51.100.0/24"])
    table.open("2001:db8::1", never, 0)
    table.open("2001:db8::2", never, 0)
    with pytest.raises(ProtocolError) as caught:
        table.open("2001:db8::3%eth0", never, 0)
    assert caught.value.code is ErrorCode.TOO_MANY_CONNECTIONS
    table.open("2001:db8:0:1::1", never, 0)
    # As a socket for IPv6 shows clients that use IPv4.
    for address in ("::ffff:198.51.100.7", "::ffff:127.0.0.1"):
        for _ in range(3):
            table.open(address, never, 0)
    assert len(table) == 9


@given(st.lists(st.tuples(st.sampled_from(["192.0.2.1", "192.0.2.2", "::1"]), st.booleans())))
def test_every_connection_is_counted_until_it_is_closed(steps: list[tuple[str, bool]]) -> None:
    table = ConnectionTable(5, 3)
    open_: list[OpenConnection] = []
    for now, (address, opens) in enumerate(steps):
        if opens:
            try:
                entry = table.open(address, lambda: None, now / 10)
            except ProtocolError:
                continue
            entry.waiting = False
            open_.append(entry)
        elif open_:
            table.close(open_.pop(0))
        assert len(table) == len(open_) <= 5
        assert sum(entry.client == "192.0.2.1" for entry in open_) <= 3


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=30, max_size=80))
def test_those_that_give_way_use_up_no_descriptors(steps: list[tuple[int, bool]]) -> None:
    """A newcomer has a high descriptor; the one that gave way leaves a low one to the next."""
    last, now, free = 20, 0.0, set(range(3, 1_000))
    limits = ServerLimits(LimitSettings(), last_descriptor=last, clock=lambda: now)
    open_: list[OpenConnection] = []

    def opened() -> None:
        descriptor = min(free)
        free.remove(descriptor)

        def give_way() -> None:
            free.add(descriptor)
            open_.remove(entry)

        try:
            entry = limits.open("192.0.2.1", descriptor, give_way)
        except ProtocolError:
            free.add(descriptor)
        else:
            open_.append(entry)

    for arrivals, one_ends in steps:
        now += 2  # those of the step before give way
        for _ in range(arrivals):
            opened()
        if one_ends and open_:
            entry = open_.pop(len(open_) // 2)
            limits.connections.close(entry)
            free.add(entry.descriptor)
        # One more than those below the last, and the last itself: for the newcomer.
        assert len(open_) + 3 <= last + 1
    assert len(limits.connections) == len(open_)


def test_sessions_of_an_address() -> None:
    places = Places(2)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(places.take("192.0.2.1"))
        with pytest.raises(ProtocolError) as caught, places.take("192.0.2.1"):
            pytest.fail("a third was admitted")
        assert caught.value.code is ErrorCode.TOO_MANY_SESSIONS
        for address in ("192.0.2.2", "127.0.0.1", "127.0.0.1", "127.0.0.1"):
            stack.enter_context(places.take(address))
        assert (len(places), places.refused) == (6, 1)
    assert len(places) == 0
    with pytest.raises(ZeroDivisionError), places.take("192.0.2.1"):
        raise ZeroDivisionError
    assert len(places) == 0


def test_refusals_are_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    limits = ServerLimits(LimitSettings(max_connections=1), last_descriptor=50, clock=lambda: now)
    limits.open("192.0.2.1", 50, never).waiting = False
    for _ in range(3):
        with pytest.raises(ProtocolError):
            limits.open("192.0.2.2", 10, never)
    assert [record.getMessage() for record in caplog.records] == [
        "refused a connection of 192.0.2.2: server_busy"
    ]
    now = 61.0
    with pytest.raises(ProtocolError):
        limits.open("192.0.2.2", 51, never)
    assert caplog.records[-1].getMessage() == (
        "refused a connection of 192.0.2.2: server_busy, file descriptors are short "
        "(3 refusals since the last such line)"
    )


def test_refusals_of_another_kind_are_logged_at_once(caplog: pytest.LogCaptureFixture) -> None:
    limits = ServerLimits(
        LimitSettings(max_connections=2, max_connections_per_address=1),
        last_descriptor=50,
        clock=lambda: 0.0,
    )
    for address in ("192.0.2.1", "192.0.2.2"):
        limits.open(address, 9, never).waiting = False
    for address, descriptor in (("192.0.2.3", 9), ("192.0.2.1", 9), ("192.0.2.1", 51)):
        with pytest.raises(ProtocolError):
            limits.open(address, descriptor, never)
    limits.not_admitted("192.0.2.4", ProtocolError(ErrorCode.NOT_ALLOWED, "Not you."))
    limits.budget.used = limits.budget.max_bytes
    with pytest.raises(ProtocolError):
        limits.check_memory()
    assert [record.getMessage() for record in caplog.records] == [
        "refused a connection of 192.0.2.3: server_busy",
        "refused a connection of 192.0.2.1: too_many_connections",
        "refused a connection of 192.0.2.4: not_allowed",
        "refused new work: server_busy, limits.max_buffered_bytes is used up",
    ]
    assert limits.connections.refused == {
        "server_busy": 1,
        "too_many_connections": 2,
        "not_allowed": 1,
    }


def test_no_new_work_while_memory_is_short() -> None:
    limits = ServerLimits(LimitSettings(max_buffered_bytes=1 << 20))
    limits.check_memory()
    limits.budget.used = 1 << 20
    with pytest.raises(ProtocolError) as caught:
        limits.check_memory()
    assert caught.value.code is ErrorCode.SERVER_BUSY


def test_a_connection_that_is_closed_waits_for_nothing() -> None:
    table = ConnectionTable(3, 10)
    entry = table.open("192.0.2.1", never, 0)
    table.close(entry)
    table.waits(entry, 1)
    assert len(table) == 0
