"""The address that a request came from, as limits for each client need it."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

_IPV6_PREFIX = 64
"""Bits that identify a client in IPv6: a host chooses the others itself (RFC 4291, 2.5.4)."""


def client_address(scope: Scope) -> str:
    """Return the address that identifies the client of a connection; "unknown" without one.

    X-Forwarded-For has been applied, if it came from a proxy in `access.trusted_proxies`; that of
    anyone else is ignored.
    """
    client = scope.get("client")
    return identity(str(client[0])) if client else "unknown"


def identity(host: str) -> str:
    """Return what identifies the client with an address.

    An IPv6 client is identified by its network of 64 bits, because it can use any address in it.
    What is no address is returned as it is.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    if address.is_loopback:
        return str(address)
    return str(IPv6Network((address, _IPV6_PREFIX), strict=False))
