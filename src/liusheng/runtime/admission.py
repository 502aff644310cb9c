"""Who gets a place in a service: what recognition, synthesis and decoding share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from liusheng.runtime.clock import awake
from liusheng.runtime.errors import BusyError, BusyReason
from liusheng.runtime.load import Departures
from liusheng.runtime.place_queue import PlaceQueue


class Admission:
    """Decides whether a client gets a place in a service, at once or after a wait.

    Speakers and listeners wait in one queue, uploads in another one, which moves while nobody waits
    in the first: no upload holds up a speaker.

    queue_seconds: for which a client waits for a place; 0: it is refused at once.
    most_waiting: clients at once, in each queue.
    clock: seconds, monotonic.
    waiting_clock: that of `queue_seconds`; no place comes free while this process is stopped.
    refused: clients, by reason.
    """

    def __init__(
        self,
        queue_seconds: float,
        most_waiting: int,
        clock: Callable[[], float],
        waiting_clock: Callable[[], float] = awake.time,
    ) -> None:
        self._clock = clock
        self._departures = Departures()
        self._live = PlaceQueue(queue_seconds, most_waiting, waiting_clock)
        self._uploads = PlaceQueue(queue_seconds, most_waiting, waiting_clock)
        self.refused: Counter[BusyReason] = Counter()

    def limit(self, queue_seconds: float, most_waiting: int) -> None:
        """Change the limits."""
        self._live.limit(queue_seconds, most_waiting)
        self._uploads.limit(queue_seconds, most_waiting)

    @property
    def queues(self) -> bool:
        """Whether a client waits for a place, rather than being refused at once."""
        return self._live.seconds > 0

    @property
    def waiting(self) -> int:
        """How many clients wait for a place."""
        return len(self._live) + len(self._uploads)

    def busy(
        self, message: str, reason: BusyReason, least: float = 0.0, *, upload: bool = False
    ) -> BusyError:
        """Return the error of a refusal, which says when to try again.

        least: seconds until then at least.
        upload: of a whole file, which live clients go before.
        """
        places = 1 + len(self._live) + (len(self._uploads) if upload else 0)
        return BusyError(message, reason, max(least, self._departures.expected(places)))

    def check(self, room: Callable[[], None]) -> None:
        """Refuse a client if there is no room. room: raises BusyError if there is none."""
        try:
            room()
        except BusyError as error:
            self.refused[error.reason] += 1
            raise

    async def wait(self, room: Callable[[], None], *, upload: bool = False) -> None:
        """Wait until there is room, or refuse the client. Raises as `room`.

        upload: of a whole file.
        """
        try:
            if upload:
                await self._uploads.wait(lambda: self._check_upload(room))
            else:
                await self._live.wait(room)
        except BusyError as error:
            self.refused[error.reason] += 1
            raise

    def _check_upload(self, room: Callable[[], None]) -> None:
        if self._live:
            message = f"{len(self._live)} live clients wait for a place"
            raise self.busy(message, "queue", upload=True)
        room()

    def ended(self) -> None:
        """A session ended."""
        self._departures.ended(self._clock())
        self._live.place_left()
        self._uploads.place_left()
