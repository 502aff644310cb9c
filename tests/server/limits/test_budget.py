"""The bytes held for clients: what is charged is released, and the largest wait first."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from liusheng.server.limits.budget import Account, Budget

KB = 1024
WHOLE, ONE, FLOOR = 4_000 * KB, 900 * KB, 256 * KB
SIZES = st.integers(0, 1_200 * KB)


class Accounts(RuleBasedStateMachine):
    """Accounts that are opened, charged and closed in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.budget = Budget(WHOLE, ONE)
        self.open: list[Account] = []
        self.held: dict[Account, dict[str, int]] = {}
        self.waiting: set[Account] = set()

    @rule()
    def connect(self) -> None:
        account = Account(self.budget)
        account.on_room = lambda: self.waiting.remove(account)
        self.open.append(account)
        self.held[account] = {}

    @rule(at=st.integers(0, 20), part=st.sampled_from("abc"), size=SIZES)
    def hold(self, at: int, part: str, size: int) -> None:
        if not self.open:
            return
        account = self.open[at % len(self.open)]
        account.hold(part, size)
        self.held[account][part] = size
        (self.waiting.add if account.over else self.waiting.discard)(account)

    @rule(at=st.integers(0, 20))
    def disconnect(self, at: int) -> None:
        if self.open:
            account = self.open.pop(at % len(self.open))
            account.close()
            self.waiting.discard(account)
            account.hold("late", 10)
            account.close()

    @invariant()
    def what_is_charged_is_what_is_held(self) -> None:
        sums = {account: sum(self.held[account].values()) for account in self.open}
        assert {account: account.held for account in self.open} == sums
        assert self.budget.used == sum(sums.values()) <= self.budget.peak

    @invariant()
    def whoever_may_go_on_was_told(self) -> None:
        """Also by what others released; a client that is not told waits for ever."""
        assert all(account.over for account in self.waiting)
        assert self.budget.waiting == len(self.waiting)

    @invariant()
    def the_smallest_never_wait(self) -> None:
        for account in self.open:
            assert not account.over or account.held > FLOOR

    @invariant()
    def the_largest_wait_first(self) -> None:
        over = [account.held for account in self.open if account.over]
        others = [account.held for account in self.open if not account.over]
        assert not over or not others or max(others) <= min(over)


TestAccounts = Accounts.TestCase


@given(st.lists(SIZES, min_size=1, max_size=30))
def test_who_stops_when_it_is_over_leaves_room_for_others(wishes: list[int]) -> None:
    """Clients that each take 16 KB at a time until they are over their limits."""
    budget = Budget(WHOLE, ONE)
    accounts = [Account(budget) for _ in wishes]
    for _ in range(40):
        for account, wish in zip(accounts, wishes, strict=True):
            if account.held < wish and not account.over:
                account.hold("all", account.held + 16 * KB)
    assert budget.used <= WHOLE + len(wishes) * (FLOOR + 16 * KB)
    assert all(account.held <= ONE + 16 * KB for account in accounts)


def test_full_is_before_the_end() -> None:
    budget = Budget(1_000, 1_000)
    account = Account(budget)
    account.hold("a", 900)
    assert not budget.full
    account.hold("a", 901)
    assert budget.full
    account.close()
    assert not budget.full
    assert (budget.used, budget.peak, budget.waiting) == (0, 901, 0)


@pytest.mark.parametrize(("held", "for_good"), [(ONE, False), (ONE + 1, True)])
def test_some_will_never_fit(held: int, for_good: bool) -> None:
    account = Account(Budget(WHOLE, ONE))
    account.hold("a", held)
    assert (account.over, account.over_for_good) == (for_good, for_good)


def test_whoever_holds_less_itself_is_told_too() -> None:
    """Another part of the account was too much: who paused does not see that it is not any more."""
    told: list[str] = []
    account = Account(Budget(WHOLE, ONE), lambda: told.append("account"))
    account.hold("texts", ONE + 1)
    account.hold("received", 10)
    assert account.over
    assert told == []
    account.hold("texts", 0)
    assert told == ["account"]
    account.hold("texts", ONE + 1)
    account.close()
    assert told == ["account"], "nobody is there any more"


def test_whoever_waited_goes_on_when_the_limits_rise() -> None:
    budget = Budget(WHOLE, ONE)
    told: list[str] = []
    large, small = Account(budget, lambda: told.append("large")), Account(budget)
    large.hold("a", ONE + 1)
    small.hold("a", FLOOR)
    assert large.over
    budget.resize(WHOLE, ONE + 1)
    assert told == ["large"]
    assert not budget.waiting
    budget.resize(WHOLE, ONE + 2)
    assert told == ["large"], "who does not wait is told nothing"


class AccountsOfAddresses(Accounts):
    """The same, of two addresses and of none."""

    @rule(address=st.sampled_from(["", "a", "b"]))
    def connect_from(self, address: str) -> None:
        self.connect()
        self.open[-1].belong(address)

    @invariant()
    def the_largest_wait_first(self) -> None:
        """Not across addresses."""

    @invariant()
    def an_address_is_crowded_by_what_it_holds(self) -> None:
        for address in "ab":
            held = sum(each.held for each in self.open if each.address == address)
            others = self.budget.used - held
            assert self.budget.crowded(address) == (held > max(FLOOR, (WHOLE - others) // 2))
        assert not self.budget.crowded("")


TestAccountsOfAddresses = AccountsOfAddresses.TestCase


@pytest.mark.parametrize("address", ["", "a"])
def test_many_connections_of_an_address_leave_room_for_others(address: str) -> None:
    """41 that hold 3 MB each, with the default limits: none of them is over its own."""
    budget = Budget(128 * 1024 * KB, 32 * 1024 * KB)
    accounts = [Account(budget) for _ in range(41)]
    for account in accounts:
        account.belong(address)
        while not account.over and account.held < 3 * 1024 * KB:
            account.hold("all", account.held + 64 * KB)
    assert budget.full is (address == "")
    assert budget.crowded(address) is (address != "")
    told: list[Account] = []
    for account in accounts:
        account.on_room = partial(told.append, account)
    newcomer = Account(budget)
    newcomer.belong("b")
    newcomer.hold("all", 2 * 1024 * KB)
    assert newcomer.over is (address == "")
    for account in accounts[:10]:
        account.close()
    assert not budget.waiting
    assert told or not address
