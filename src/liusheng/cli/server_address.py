"""The option --server of client commands, and the errors of a client as messages."""

from __future__ import annotations

import os
from typing import Annotated

from cyclopts import Parameter

from liusheng.client import DEFAULT_URL, CannotConnectError, ClientError

SERVER_VARIABLE = "LIUSHENG_SERVER"

Server = Annotated[
    str | None,
    Parameter(
        help="Address of the server: ws://HOST:PORT, with its path prefix if it has one; by "
        f"default ${SERVER_VARIABLE}, else {DEFAULT_URL}."
    ),
]


def server_url(server: str | None) -> str:
    """The address of the server to use; `server` is the option's value."""
    return server or os.environ.get(SERVER_VARIABLE) or DEFAULT_URL


def describe_error(error: ClientError) -> str:
    """A client's error as a message for the user of a command line."""
    if isinstance(error, CannotConnectError):
        return (
            f"{error.message}\n"
            "Start one with `liusheng serve`, or name another with --server or "
            f"${SERVER_VARIABLE}."
        )
    return f"{error.message} [{error.code}]"
