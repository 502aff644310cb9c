"""Whether a server may listen on an address with the access that is configured."""

from __future__ import annotations

import socket
from ipaddress import ip_address


class ExposedError(Exception):
    """The server would be open to everyone who can reach its address."""


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address or name; False if it is not known."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(ip_address(str(each[4][0]).partition("%")[0]).is_loopback for each in found)


def check_binding(host: str, *, keys_required: bool, no_auth: bool, add_command: str) -> None:
    """Check that not everyone can use the server who can reach it, unless that is said.

    add_command: makes a key.

    Raises:
        ExposedError: it says what to do.
    """
    if keys_required or no_auth or is_loopback(host):
        return
    raise ExposedError(
        f"Without API keys, a server on {host} would be open to everyone who can reach it. "
        "Choose one of three:\n"
        f"  keys: run `{add_command}`, and start the server again; clients then send the "
        "key;\n"
        "  a reverse proxy that checks who connects: leave out --host, so that the server listens "
        "on 127.0.0.1 and only the proxy reaches it;\n"
        "  no check at all, in a network where everyone may use the server: add --no-auth."
    )
