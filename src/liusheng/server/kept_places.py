"""Recognitions whose connections broke count for their address and their key, as those do that have
one.

Nobody is refused for them: clients of one address whose connections all broke come back at the same
time, each for its own. But who begins something else instead, with no place left, gives up the
oldest of them.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Scope

from liusheng.server.access.caller import key_of
from liusheng.server.access.key_limits import KeyLimits
from liusheng.server.limits.addresses import client_address
from liusheng.server.limits.connection import connection_of
from liusheng.server.websocket.resumption import ResumableRecognitions

GiveUpKept = Callable[[Scope], None]
"""Called when a request or WebSocket has taken a place, and resumes nothing."""


def give_up_kept(resumable: ResumableRecognitions, keys: KeyLimits) -> GiveUpKept:
    """Return what holds clients to their limits, with what is kept for them."""

    def give_up(scope: Scope) -> None:
        address = client_address(scope)
        most = connection_of(scope).limits.places.left(address)
        if most is not None:
            resumable.leave(most, lambda recognition: recognition.address == address)
        key = key_of(scope)
        most = keys.left(key) if key else None
        if key and most is not None:
            name = key.name
            resumable.leave(most, lambda recognition: recognition.client == name)

    return give_up
