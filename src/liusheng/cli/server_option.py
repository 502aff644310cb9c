"""Which server a client command talks to."""

from __future__ import annotations

import os
from typing import Annotated

from cyclopts import Parameter

from liusheng.client import DEFAULT_URL, CannotConnectError, ClientError

SERVER_VARIABLE = "LIUSHENG_SERVER"

Server = Annotated[
    str | None,
    Parameter(
        help=f"Address of the server: ws://HOST:PORT, with a path prefix if there is one; else "
        f"${SERVER_VARIABLE}, else {DEFAULT_URL}."
    ),
]


def server_url(server: str | None) -> str:
    """Return the server to talk to."""
    return server or os.environ.get(SERVER_VARIABLE) or DEFAULT_URL


def in_words(error: ClientError) -> str:
    """Return a client's error as a person at a command line needs it."""
    if isinstance(error, CannotConnectError):
        return (
            f"{error.message}\n"
            "Start one with `liusheng serve`, or name another with --server or "
            f"${SERVER_VARIABLE}."
        )
    return f"{error.message} [{error.code}]"
