"""Notifications to systemd: the state of the service, over a datagram socket (sd_notify(3))."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping

_log = logging.getLogger(__name__)

_PATIENCE = 5.0
"""Seconds in which systemd may take a change of state, which must not be lost."""

_WATCHDOG_FRACTION = 3
"""How often within systemd's limit the server reports that it runs."""


class SystemdNotifier:
    """Tells systemd what the service does; without systemd it does nothing.

    watchdog_interval: seconds between two calls of `alive` that systemd asks for; None: it does not
        watch this process.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):  # of Linux's abstract namespace
            self._address = "\0" + self._address[1:]
        self.watchdog_interval = _watchdog_interval(environment) if self._address else None

    def ready(self) -> None:
        """The service has started, or was reloaded."""
        self._send(READY=1, STATUS="serving")

    def reloading(self) -> None:
        """A reload has begun; `ready` says when it has ended."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000 if self._address else 0
        self._send(RELOADING=1, MONOTONIC_USEC=microseconds, STATUS="reloading")

    def stopping(self, status: str) -> None:
        """The service is ending."""
        self._send(STOPPING=1, STATUS=status)

    def alive(self) -> None:
        """The event loop runs."""
        # Another one follows soon: if systemd is busy, it does without this one.
        self._send(patience=0.0, WATCHDOG=1)

    def _send(self, patience: float = _PATIENCE, **fields: object) -> None:
        if not self._address:
            return
        message = "\n".join(f"{name}={value}" for name, value in fields.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(patience)
                sock.connect(self._address)
                sock.send(message.encode())
        except BlockingIOError:
            _log.debug("systemd does not read its notifications (%s)", next(iter(fields)))
        except OSError as error:
            _log.warning("systemd cannot be notified (%s): %s", next(iter(fields)), error)


def _watchdog_interval(environment: Mapping[str, str]) -> float | None:
    try:
        microseconds = int(environment.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()) or microseconds <= 0:
        return None
    return microseconds / 1e6 / _WATCHDOG_FRACTION
