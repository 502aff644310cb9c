"""Long work on the event loop that takes turns, whichever connections it is for.

What one connection does in a millisecond, a hundred do in a tenth of a second, and nobody else is
served meanwhile. Here all of it together takes about a millisecond of a round of the loop, or a
quarter of it, and what cannot be divided. Who has more to do waits again, and `FairQueue` says who
is next: clients with much to do do not hold up one with little.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import TypeVar

from liusheng.server.limits.fair_queue import FairQueue
from liusheng.server.limits.pace import SLICE_SECONDS

_SHARE = 4
"""A part of a round that is long: otherwise what has to be read would wait ever longer while the
loop has much else to do."""

_MOST_SECONDS = 0.02

_UNSET = object()

T = TypeVar("T")


class Turns:
    """The turns of one connection.

    client: who shares these turns: the address of the client, or an object of this connection
        alone, where the address says nothing (as that of a proxy).
    clock: returns seconds.
    """

    def __init__(self, loop: LoopTurns) -> None:
        self._loop = loop
        self.client: object = object()
        self.clock = loop.clock
        self._number = 0  # of what waits

    @property
    def waits(self) -> bool:
        """Whether something of this connection waits for its turn."""
        return self._number > 0

    def may_work(self) -> bool:
        """Return whether there is time left in this round, and nobody waits for it.

        What is done in a turn may go on with what follows from it.
        """
        return self._loop.may_work()

    @property
    def until(self) -> float:
        """When the work of this round should end, on `clock`."""
        return self._loop.until

    def wait(self, work: Callable[[], object]) -> Waiting:
        """Call `work` when it is its turn, in the context of who waits."""
        self._number += 1
        waiting = Waiting(work, copy_context(), self._ended)
        self._loop.wait(self.client, waiting)
        return waiting

    def _ended(self) -> None:
        self._number -= 1

    async def do(self, work: Callable[[float], T]) -> T:
        """Call `work` when it is its turn, and return what it returns.

        work: is told when it should end, on `clock`; what is left then takes another turn.

        Raises:
            Exception: as `work`.
        """
        if self.may_work():
            return work(self.until)
        outcome = await self._later(work)
        try:
            if isinstance(outcome, _Raised):
                raise outcome.error
            return outcome
        finally:
            del outcome

    async def _later(self, work: Callable[[float], T]) -> T | _Raised:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Not the result of the future: frames in the traceback of an error refer to that.
        outcomes: list[T | _Raised] = []

        def work_now() -> None:
            if not done.done():
                outcomes.append(_outcome(work, self.until))
                done.set_result(None)

        waiting = self.wait(work_now)
        try:
            await done
        finally:
            waiting.cancel()
        _adopt(waiting.context)
        return outcomes.pop()


class Waiting:
    """Work that waits for its turn. context: in which it is done."""

    def __init__(
        self, work: Callable[[], object], context: Context, on_end: Callable[[], None]
    ) -> None:
        self.context = context
        self._work: Callable[[], object] | None = work
        self._on_end = on_end

    def __bool__(self) -> bool:
        """Whether it still waits."""
        return self._work is not None

    def cancel(self) -> None:
        """Forget it, if it waits."""
        self._take()

    def do(self) -> None:
        """Do it, if it waits."""
        if work := self._take():
            self.context.run(work)

    def _take(self) -> Callable[[], object] | None:
        work, self._work = self._work, None
        if work:
            self._on_end()
        return work


class LoopTurns:
    """The time for long work in each round of one event loop. clock: returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self._began = 0.0  # in this round
        self._until: float | None = None  # when it ends in this round, if any has begun
        self._waiting: FairQueue[Waiting] = FairQueue()
        self._inside = False  # what waited is being done

    def may_work(self) -> bool:
        """See `Turns.may_work`."""
        if self._until is None:
            self._begin(SLICE_SECONDS)
            return True
        return self.clock() < self._until and (self._inside or not self._waiting)

    @property
    def until(self) -> float:
        """When the work of this round should end, on `clock`."""
        assert self._until is not None
        return self._until

    def wait(self, client: object, waiting: Waiting) -> None:
        """Do what waits when it is the client's turn."""
        if self._until is None:  # nobody has worked: there is no round yet that a next one follows
            self._begin(SLICE_SECONDS)
        self._waiting.put(client, waiting)

    def _begin(self, seconds: float) -> None:
        self._began = self.clock()
        self._until = self._began + seconds
        # In no context: that of whoever came first has the name of a session.
        asyncio.get_running_loop().call_soon(self._next_round, context=Context())

    def _next_round(self) -> None:
        last = self.clock() - self._began
        self._until = None
        if not self._waiting:
            self._waiting.forget()
        while self._waiting and (self._until is None or self.clock() < self._until):
            waiting = self._waiting.take()
            if waiting and self._until is None:
                self._begin(max(SLICE_SECONDS, min(last / _SHARE, _MOST_SECONDS)))
            began = self.clock()
            self._inside = True
            try:
                waiting.do()
            finally:
                self._inside = False
                self._waiting.took(self.clock() - began)


def _adopt(context: Context) -> None:
    """Set what was set in another context, a copy of this one."""
    for variable, value in context.items():
        if variable.get(_UNSET) is not value:
            variable.set(value)


class _Raised:
    """An error as a result: one that refers to what refers to it is not freed at once."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _outcome(work: Callable[[float], T], until: float) -> T | _Raised:
    try:
        return work(until)
    except Exception as error:
        return _Raised(error)
