"""The server to measure: one that is running, or one that is started for the measurement."""

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

_ADDRESS = re.compile(rf"(wss?://\S+)(?:{ASR_STREAMING}|{TTS_STREAMING})")
_LOCAL = ("127.0.0.1", "::1", "localhost")
_STOP_TIMEOUT = 30.0


class ServerStartError(RuntimeError):
    """The server did not start; the message says how it ended."""


@dataclass(frozen=True)
class Target:
    """A server to measure.

    pid: process id of its main process; None if it is on another machine, or not known.
    """

    url: str
    pid: int | None


def find_server(url: str) -> Target:
    """The server at an address.

    Raises:
        ValueError: the address is not valid.
    """
    netloc = urlsplit(f"//{Address.parse(url).netloc}")
    local = netloc.hostname in _LOCAL
    return Target(url, listening_process(netloc.port or DEFAULT_PORT) if local else None)


@contextlib.contextmanager
def start_server(arguments: Sequence[str]) -> Iterator[Target]:
    """Start `liusheng serve` on a free port; stop it at the end of the `with` block.

    arguments: of `liusheng serve`. Its log goes to this process's standard error.

    Raises:
        ServerStartError: it ended before it was ready.
    """
    command = [sys.executable, "-m", "liusheng.cli", "serve", "--port", "0", "--yes"]
    command += ["--no-auth", *arguments]  # on this machine only, whatever keys the user has
    server = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert server.stdout is not None
    try:
        for line in server.stdout:
            if found := _ADDRESS.search(line):
                yield Target(found[1], server.pid)
                return
        raise ServerStartError(
            f"the server ended with status {server.wait()} before it was ready; it was started as\n"
            f"  {' '.join(command)}"
        )
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        server.stdout.close()
