"""Who gets a place in a service: what recognition and synthesis share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from liusheng.runtime.errors import BusyError, BusyReason
from liusheng.runtime.load import Departures
from liusheng.runtime.place_queue import PlaceQueue


class Admission:
    """Decides whether a client gets a place in a service, at once or after a wait.

    queue_seconds: for which a client waits for a place; 0: it is refused at once.
    most_waiting: clients at once.
    clock: seconds, monotonic.
    refused: clients, by reason.
    """

    def __init__(self, queue_seconds: float, most_waiting: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._departures = Departures()
        self._queue = PlaceQueue(queue_seconds, most_waiting, clock)
        self.refused: Counter[BusyReason] = Counter()

    def limit(self, queue_seconds: float, most_waiting: int) -> None:
        """Change the limits."""
        self._queue.limit(queue_seconds, most_waiting)

    @property
    def queues(self) -> bool:
        """Whether a client waits for a place, rather than being refused at once."""
        return self._queue.seconds > 0

    @property
    def waiting(self) -> int:
        """How many clients wait for a place."""
        return len(self._queue)

    def busy(self, message: str, reason: BusyReason, least: float = 0.0) -> BusyError:
        """Return the error of a refusal, which says when to try again.

        least: seconds until then at least.
        """
        places = 1 + len(self._queue)
        return BusyError(message, reason, max(least, self._departures.expected(places)))

    def check(self, room: Callable[[], None]) -> None:
        """Refuse a client if there is no room. room: raises BusyError if there is none."""
        try:
            room()
        except BusyError as error:
            self.refused[error.reason] += 1
            raise

    async def wait(self, room: Callable[[], None]) -> None:
        """Wait until there is room, or refuse the client. Raises as `room`."""
        try:
            await self._queue.wait(room)
        except BusyError as error:
            self.refused[error.reason] += 1
            raise

    def ended(self) -> None:
        """A session ended."""
        self._departures.ended(self._clock())
        self._queue.place_left()
