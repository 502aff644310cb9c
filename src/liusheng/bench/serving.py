"""A server of our own to measure, and the one that is there already."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from liusheng.bench.processes import listening_process
from liusheng.client.address import DEFAULT_PORT, Address
from liusheng.protocol.paths import ASR_STREAMING, TTS_STREAMING

_ADDRESS = re.compile(rf"(ws://\S+)(?:{ASR_STREAMING}|{TTS_STREAMING})")
_LOCAL = ("127.0.0.1", "::1", "localhost")
_GRACE = 30.0


class CannotServeError(RuntimeError):
    """The server of our own did not start; the message says how it ended."""


@dataclass(frozen=True)
class Target:
    """A server to measure.

    pid: of its main process; None when it is elsewhere or the system does not tell.
    """

    url: str
    pid: int | None


def running(url: str) -> Target:
    """Return the server at an address.

    Raises:
        ValueError: when it is none.
    """
    netloc = urlsplit(f"//{Address.parse(url).netloc}")
    local = netloc.hostname in _LOCAL
    return Target(url, listening_process(netloc.port or DEFAULT_PORT) if local else None)


@contextlib.contextmanager
def started(arguments: Sequence[str]) -> Iterator[Target]:
    """Start `liusheng serve` on a free port, and stop it afterwards.

    arguments: for it; what it logs goes to our standard error.

    Raises:
        CannotServeError: when it ends before it listens.
    """
    command = [sys.executable, "-m", "liusheng.cli", "serve", "--port", "0", "--yes", *arguments]
    server = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert server.stdout is not None
    try:
        for line in server.stdout:
            if found := _ADDRESS.search(line):
                yield Target(found[1], server.pid)
                return
        raise CannotServeError(
            f"the server ended with status {server.wait()} before it listened; it was started as\n"
            f"  {' '.join(command)}"
        )
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(_GRACE)
        except subprocess.TimeoutExpired:
            server.kill()
        server.stdout.close()
