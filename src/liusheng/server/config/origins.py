"""Host names and web origins, in the form in which browsers send them."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from urllib.parse import urlsplit

ANY = "*"

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(
    r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*))(?::(?P<port>\d{1,5}))?"
)


def split_host(text: str) -> tuple[str, int | None]:
    """Return name and port of a Host header.

    The name is in lower case and without its last dot; an IPv6 address has no brackets and its
    shortest form. The port is None if there is none.

    Raises:
        ValueError: it is not a host.
    """
    found = _HOST.fullmatch(text)
    port = int(found["port"]) if found and found["port"] else None
    if not found or (port is not None and port > 65_535):
        raise ValueError("is not a host name or address")
    name = found["name"]
    if name.startswith("["):
        return str(IPv6Address(name[1:-1])), port
    return name.lower().removesuffix("."), port


def normal_host(text: str) -> str:
    """Return a name of the setting `access.hosts` as `split_host` returns it.

    Raises:
        ValueError: it is not a name without a port.
    """
    if text == ANY:
        return text
    try:
        if text.count(":") > 1 and not text.startswith("["):
            text = f"[{text}]"
        name, port = split_host(_ascii(text))
    except ValueError:
        port = 0
        name = ""
    if port is not None:
        raise ValueError(f'{text!r} is not a host name; write it as in "speech.example.org"')
    return name


def normal_origin(text: str) -> str:
    """Return an origin as browsers send it: "https://speech.example.org", with a port if it is not
    the scheme's default.

    Raises:
        ValueError: it is not an origin.
    """
    if text == ANY:
        return text
    if text == "null":
        raise ValueError(
            '"null" is the origin of every sandboxed page, so it would admit all of them; use "*" '
            "if that is meant"
        )
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    try:
        if not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme) or urlsplit(text).path not in ("", "/"):
            raise ValueError
        name, port = split_host(_ascii(rest.removesuffix("/")))
    except ValueError:
        raise ValueError(
            f'{text!r} is not an origin; write scheme, host and port: "https://app.example.org" or '
            '"http://localhost:3000"'
        ) from None
    host = f"[{name}]" if ":" in name else name
    default = port is None or port == _DEFAULT_PORTS.get(scheme)
    return f"{scheme}://{host}" if default else f"{scheme}://{host}:{port}"


def host_of_origin(origin: str) -> tuple[str, int | None]:
    """Return name and port of an origin, with the default port of its scheme.

    Raises:
        ValueError: it is not an origin.
    """
    scheme, separator, rest = origin.partition("://")
    if not separator:
        raise ValueError("is not an origin")
    name, port = split_host(rest)
    return name, _DEFAULT_PORTS.get(scheme.lower()) if port is None else port


def _ascii(text: str) -> str:
    """Return a name with its non-ASCII labels as browsers send them (IDNA)."""
    return text if text.isascii() else text.encode("idna").decode("ascii")
