"""What is checked before a Ray cluster that runs already is joined."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from liusheng.cluster.serving.servable import http_options
from liusheng.server.config.settings import Settings

_ANSWER_SECONDS = 10.0


def check_address(address: str) -> None:
    """Check that somebody answers at the address of a Ray cluster: Ray itself tries for minutes.

    address: "HOST:PORT", or that after "ray://"; "auto" is left to Ray.

    Raises:
        ValueError: nobody answers.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host:
        return
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _ANSWER_SECONDS):
            pass
    except (OSError, ValueError) as error:
        raise ValueError(
            f"--address {address}: no Ray answers there ({error}); start one with `ray start "
            "--head`, which says its address"
        ) from None


def check_proxies(settings: Settings, running: Mapping[str, Any]) -> None:
    """Check that the proxies of a Ray Serve that runs already are those of the settings.

    running: their options, as `http_options` returns them; others too.

    Raises:
        ValueError: it would go on with its own.
    """
    wanted = {"ssl_certfile": None, "ssl_keyfile": None, **http_options(settings)}
    other = [name for name, value in wanted.items() if (running.get(name) or None) != value]
    if other:
        found = ", ".join(f"{name} {running.get(name)}" for name in other)
        raise ValueError(
            f"Ray Serve runs in that cluster already, with {found}, and would ignore the settings; "
            "set host, ports and tls as they are there, or end it first: serve shutdown"
        )
