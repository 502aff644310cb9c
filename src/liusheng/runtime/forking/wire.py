"""Messages between a forker and the process that it forks for."""

from __future__ import annotations

import struct
from typing import Final

REQUEST: Final = struct.Struct("!cQ")
FORK: Final = b"F"
KILL: Final = b"K"
"""A request to the forker, with the number of a fork; the one to make has its socket with it."""

REPORT: Final = struct.Struct("!cQi")
STARTED: Final = b"S"
ENDED: Final = b"E"
"""A report of the forker: the number of a fork, and its process id or its wait status. Number 0
is the forker itself."""

NOT_STARTED: Final = -1
"""In place of a wait status: there was no process for the fork."""
