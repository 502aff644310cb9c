"""`timeout(seconds)`, a limit for the time that a block may take: the standard library's.

Not `asyncio.wait_for`: before Python 3.12 it loses a cancellation that comes in the moment in which
what it waits for has ended (python/cpython#86296), and the task runs on. Ruff does not let it in.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

__all__ = ["timeout"]
