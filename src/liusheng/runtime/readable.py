"""Waiting for sockets, whatever the numbers of their descriptors are.

`select.select` of a POSIX system fails above 1,023. A process gets its socket under the number that
the server had for it, which is higher while the server has many connections.
"""

from __future__ import annotations

import math
import select
import socket
from collections.abc import Sequence


def readable(sockets: Sequence[socket.socket], seconds: float = math.inf) -> list[socket.socket]:
    """Wait until something can be read from one of the sockets, or its other end is closed; return
    those of which this is true: none after `seconds`.
    """
    if not hasattr(select, "poll"):  # Windows, whose descriptors have no limit
        timeout = None if seconds == math.inf else seconds
        return list(select.select(sockets, [], [], timeout)[0])
    poll = select.poll()
    by_number = {each.fileno(): each for each in sockets}
    for number in by_number:
        poll.register(number, select.POLLIN)  # hang-ups and errors are always reported
    ready = poll.poll(None if seconds == math.inf else math.ceil(1_000 * seconds))
    return [by_number[number] for number, _ in ready]
