"""The option --server of client commands, and the errors of a client as messages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from liusheng.client import DEFAULT_URL, CannotConnectError, Client, ClientError, connect
from liusheng.client.options import API_KEY_VARIABLE
from liusheng.protocol.errors import ErrorCode

SERVER_VARIABLE = "LIUSHENG_SERVER"

ApiKey = Annotated[
    str | None,
    Parameter(
        help=f"API key, if the server needs one. Better in ${API_KEY_VARIABLE}: other users of "
        "this machine can see the arguments of programs."
    ),
]

CaFile = Annotated[
    Path | None,
    Parameter(
        help="Certificates (PEM) of the authorities to trust with wss:, instead of the system's."
    ),
]

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


def open_client(server: str | None, api_key: str | None, ca_file: Path | None) -> Client:
    """Return the client of the server to use; the arguments are those of the options.

    Raises:
        ValueError: one of them is not valid; the message says which, and does not show a key.
    """
    try:
        return connect(server_url(server), retry_for=0.0, api_key=api_key, ca_file=ca_file)
    except OSError as error:
        raise ValueError(f"{ca_file} cannot be read: {error.strerror}") from error


def describe_error(error: ClientError) -> str:
    """A client's error as a message for the user of a command line."""
    if isinstance(error, CannotConnectError):
        return (
            f"{error.message}\n"
            "Start one with `liusheng serve`, or name another with --server or "
            f"${SERVER_VARIABLE}."
        )
    if error.code == ErrorCode.INVALID_API_KEY:
        return f"{error.message} [{error.code}]\nSet the key in ${API_KEY_VARIABLE}."
    return f"{error.message} [{error.code}]"
