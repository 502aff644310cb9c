"""The bytes that clients make the server hold: an account a connection, and a budget for all.

A pure object: whoever holds bytes for a client says so, and reads no more of this client while its
account is over its limit. The limit of every account is a share of what the others leave of the
whole budget (the dynamic threshold of shared-memory switches: Choudhury and Hahne, 1998). So the
largest users are the first to wait as memory runs short, some is left for newcomers, and small
users always go on: `_FLOOR` bytes are allowed to anyone. The connections of one address share a
limit of that kind, too: many of them are no more than one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

_FLOOR = 256 * 1024  # as much as one read of a socket may bring
_SHARE = 4  # a part of what is left: ten who take all they get use 70 % of the budget
_ADDRESS_SHARE = 2  # the same for all accounts of an address: nine addresses leave a tenth
_FULL = 0.9  # of the budget, above which there is no work for newcomers


class Budget:
    """The bytes held for all connections.

    max_bytes: for all accounts together; `_FLOOR` bytes each may come on top.
    max_account_bytes: for one account; a quarter of `max_bytes` is as much as it gets.
    used, peak: bytes held now, and the most there were.
    """

    def __init__(self, max_bytes: int, max_account_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.max_account_bytes = max_account_bytes
        self.used = 0
        self.peak = 0
        self._addresses: Counter[str] = Counter()  # bytes
        self._waiting: set[Account] = set()
        self._resume_at = -1  # bytes in use at which the smallest of those that wait may go on
        self._held_back: set[str] = set()  # addresses for which others wait

    def resize(self, max_bytes: int, max_account_bytes: int) -> None:
        """Change the limits; whoever waited and no longer has to goes on."""
        self.max_bytes = max_bytes
        self.max_account_bytes = max_account_bytes
        self._release()

    @property
    def full(self) -> bool:
        """Whether so much is held that new work has to be refused."""
        return self.used > _FULL * self.max_bytes

    @property
    def waiting(self) -> int:
        """How many accounts are over their limits."""
        return len(self._waiting)

    @property
    def most(self) -> int:
        """The bytes that one account may hold if there are no others."""
        return min(self.max_account_bytes, max(_FLOOR, self.max_bytes // _SHARE))

    def limit(self, held: int) -> int:
        """Return the bytes that an account may hold now. held: which it holds already."""
        share = (self.max_bytes - self.used + held) // _SHARE
        return min(self.max_account_bytes, max(_FLOOR, share))

    def crowded(self, address: str) -> bool:
        """Whether the accounts of an address hold more together than they may. address: "": of
        many clients, which are not limited together."""
        held = self._addresses[address] if address else 0
        return held > max(_FLOOR, (self.max_bytes - self.used + held) // _ADDRESS_SHARE)

    def changed(self, account: Account, by: int) -> None:
        """An account has changed."""
        self.used += by
        if account.address:
            self._addresses[account.address] += by
            if not self._addresses[account.address]:
                del self._addresses[account.address]
        self.peak = max(self.peak, self.used)
        over, waited = account.over, account in self._waiting
        if over or waited:
            (self._waiting.add if over else self._waiting.discard)(account)
            self._note_waiting()
        if by < 0 and self._waiting and self._may_release():
            self._release()
        if waited and not over:
            account.on_room()  # whoever paused may not be who holds less

    def _may_release(self) -> bool:
        crowded = all(self.crowded(each) for each in self._held_back)
        return self.used <= self._resume_at or not crowded

    def _release(self) -> None:
        """Let those go on who are over their limits no longer."""
        freed = [each for each in self._waiting if not each.over]
        self._waiting.difference_update(freed)
        self._note_waiting()
        for each in freed:
            each.on_room()

    def _note_waiting(self) -> None:
        self._held_back = {each.address for each in self._waiting if self.crowded(each.address)}
        over = [each.held for each in self._waiting if each.held > self.limit(each.held)]
        self._resume_at = self.max_bytes - (_SHARE - 1) * min(over) if over else -1


class Account:
    """The bytes held for one connection.

    on_room: called when the account was over its limit and no longer is.
    held: bytes.
    address: of the client; "": the connection may be of any, as one of a proxy.
    """

    def __init__(self, budget: Budget, on_room: Callable[[], None] = lambda: None) -> None:
        self.on_room = on_room
        self.held = 0
        self.address = ""
        self._budget = budget
        self._parts: dict[str, int] = {}
        self._closed = False

    @property
    def over(self) -> bool:
        """Whether no more should be read from this client for now."""
        crowded = self.held > _FLOOR and self._budget.crowded(self.address)
        return crowded or self.held > self._budget.limit(self.held)

    @property
    def most(self) -> int:
        """The bytes that one account may ever hold."""
        return self._budget.most

    @property
    def over_for_good(self) -> bool:
        """Whether more is held than one account may ever hold."""
        return self.held > self._budget.most

    def belong(self, address: str) -> None:
        """Say to which address the connection belongs, before anything is held."""
        assert not self.held
        self.address = address

    def hold(self, part: str, size: int) -> None:
        """Say how many bytes are held now, of one part of all that is held.

        Whoever finds `over` set after this call is told when that changes (`on_room`).
        """
        by = size - self._parts.get(part, 0)
        if not self._closed:
            self._parts[part] = size
            self.held += by
            self._budget.changed(self, by)

    def close(self) -> None:
        """Nothing is held any more; what `hold` says later is ignored."""
        self.on_room = lambda: None
        by, self.held = -self.held, 0
        self._parts.clear()
        self._closed = True
        self._budget.changed(self, by)
