"""The limits of each key: sessions at the same time, requests in a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.access.keys import ApiKey, KeyTask

_MINUTE = 60.0


class KeyLimits:
    """Counts what each key uses. now: seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._sessions: Counter[str] = Counter()
        self._requests: dict[str, tuple[float, float]] = {}  # left, at

    @property
    def open(self) -> Mapping[str, int]:
        """How many sessions each key has open, by its name; none: it is not there."""
        return self._sessions

    def left(self, key: ApiKey) -> int | None:
        """Return how many more sessions a key may have open; None: there is no limit."""
        if key.max_sessions is None:
            return None
        return max(0, key.max_sessions - self._sessions[key.name])

    def begin(
        self, key: ApiKey, task: KeyTask | None, now: float, *, also: KeyTask | None = None
    ) -> None:
        """Note a request or WebSocket that begins; each that does not raise must `end`.

        task: that it is for; None: it uses none, and is no session.
        also: another task that it uses.

        Raises:
            ProtocolError: the key does not allow it.
        """
        for needed in (task, also):
            if needed and needed not in key.tasks:
                raise ProtocolError(
                    ErrorCode.NOT_ALLOWED,
                    f"The API key {key.name} is for {_TASKS[key.tasks[0]]} only, not for "
                    f"{_TASKS[needed]}; use another key.",
                )
        if task and self.left(key) == 0:
            raise ProtocolError(
                ErrorCode.RATE_LIMIT_EXCEEDED,
                f"The API key {key.name} has {key.max_sessions} sessions open, as many as it may "
                "have at the same time; end one, or try again later.",
            )
        if key.requests_per_minute is not None and not self._take(key, now):
            raise ProtocolError(
                ErrorCode.RATE_LIMIT_EXCEEDED,
                f"The API key {key.name} has made its {key.requests_per_minute} requests of this "
                "minute; try again later.",
            )
        if task:
            self._sessions[key.name] += 1

    def end(self, key: ApiKey, task: KeyTask | None) -> None:
        """Note the end of what `begin` noted."""
        if task:
            self._sessions[key.name] -= 1
            if not self._sessions[key.name]:
                del self._sessions[key.name]

    def retain(self, keys: tuple[ApiKey, ...]) -> None:
        """Forget the requests of keys that are not accepted any more."""
        names = {key.name for key in keys}
        self._requests = {name: each for name, each in self._requests.items() if name in names}

    def _take(self, key: ApiKey, now: float) -> bool:
        most = float(key.requests_per_minute or 0)
        left, at = self._requests.get(key.name, (most, now))
        left = min(most, left + (now - at) * most / _MINUTE)
        self._requests[key.name] = (left - 1 if left >= 1 else left, now)
        return left >= 1


_TASKS = {"asr": "recognition", "tts": "synthesis"}
