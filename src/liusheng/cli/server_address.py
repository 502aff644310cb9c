"""The option --server of client commands, and the errors of a client as messages."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from liusheng.cli.translation import translate as tr
from liusheng.client import DEFAULT_URL, CannotConnectError, Client, ClientError, connect
from liusheng.client.options import API_KEY_VARIABLE
from liusheng.protocol.errors import ErrorCode

SERVER_VARIABLE = "LIUSHENG_SERVER"

_UNKNOWN_AUTHORITY = (18, 19, 20, 21)  # of OpenSSL's X509_V_ERR_...: self-signed, no issuer found

ApiKeyOption = Annotated[
    str | None,
    Parameter(
        help=tr(
            "API key, if the server needs one. Better in ${variable}: other users of this machine "
            "can see the arguments of programs.",
            variable=API_KEY_VARIABLE,
        )
    ),
]

CaFileOption = Annotated[
    Path | None,
    Parameter(
        help=tr(
            "Certificates (PEM) of the authorities to trust with wss:, instead of the system's."
        )
    ),
]

ServerOption = Annotated[
    str | None,
    Parameter(
        help=tr(
            "Address of the server: ws://HOST:PORT, with its path prefix if it has one; by default "
            "${variable}, else {url}.",
            variable=SERVER_VARIABLE,
            url=DEFAULT_URL,
        )
    ),
]


def server_url(server: str | None) -> str:
    """The address of the server to use; `server` is the option's value."""
    return server or os.environ.get(SERVER_VARIABLE) or DEFAULT_URL


def open_client(
    server: str | None, api_key: str | None, ca_file: Path | None, *, timeout: float = 60.0
) -> Client:
    """Return the client of the server to use; the arguments are those of the options.

    timeout: seconds for a reply that is due.

    Raises:
        ValueError: one of them is not valid; the message says which, and does not show a key.
    """
    try:
        return connect(
            server_url(server), retry_for=0.0, timeout=timeout, api_key=api_key, ca_file=ca_file
        )
    except OSError as error:
        text = tr("{file} cannot be read: {reason}", file=ca_file, reason=error.strerror)
        raise ValueError(text) from error


def describe_error(error: ClientError) -> str:
    """A client's error as a message for the user of a command line."""
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError) and cause.verify_code in _UNKNOWN_AUTHORITY:
        advice = tr(
            "Name the file with the certificate of the authority that signed the server's with "
            "--ca-file."
        )
        return f"{error.message}\n{advice}"
    if isinstance(error, CannotConnectError):
        advice = tr(
            "Start one with `liusheng serve`, or name another with --server or ${variable}.",
            variable=SERVER_VARIABLE,
        )
        return f"{error.message}\n{advice}"
    if error.code == ErrorCode.INVALID_API_KEY:
        advice = tr("Set the key in ${variable}.", variable=API_KEY_VARIABLE)
        return f"{error.message} [{error.code}]\n{advice}"
    return f"{error.message} [{error.code}]"
