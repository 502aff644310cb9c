"""The server to measure: one that is running, or one that is started for the measurement."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil

from liusheng.bench.processes import listening_process, process_tree
from liusheng.client.address import DEFAULT_PORT, Address
from liusheng.protocol.paths import ASR_STREAMING, TTS_STREAMING

_ADDRESS = re.compile(rf"(wss?://\S+)(?:{ASR_STREAMING}|{TTS_STREAMING})")
_LOCAL = ("127.0.0.1", "::1", "localhost")
_STOP_TIMEOUT = 60.0
_LEFT_TIMEOUT = 5.0
"""Seconds after the end of a server in which its processes must have ended."""


class ServerStartError(RuntimeError):
    """The server did not start; the message says how it ended."""


@dataclass(frozen=True)
class Target:
    """A server to measure.

    pid: process id of its main process; None if it is on another machine, or not known.
    process: the same, if it was started for the measurement.
    """

    url: str
    pid: int | None
    process: subprocess.Popen[str] | None = None


@dataclass(frozen=True)
class ServerExit:
    """How a server ended that was told to.

    status: of its process, negative for a signal; None: it did not end.
    seconds: that it took.
    left: names of its processes that were running afterwards.
    """

    status: int | None
    seconds: float
    left: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether it ended by itself, and with it all its processes."""
        return self.status == 0 and not self.left


def stop_server(server: subprocess.Popen[str]) -> ServerExit:
    """Have a server end by SIGTERM, and look at what is left of it."""
    began = time.monotonic()
    try:
        children = process_tree(server.pid)[1:]
    except psutil.NoSuchProcess:
        children = []
    server.send_signal(signal.SIGTERM)
    try:
        status: int | None = server.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        status = None
    seconds = time.monotonic() - began
    _, left = psutil.wait_procs(children, timeout=_LEFT_TIMEOUT)
    return ServerExit(status, seconds, tuple(_name(each) for each in left))


def _name(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return f"{process.pid} {' '.join(process.cmdline())}"
    return str(process.pid)


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
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C ends the measurement, which ends the server
    )
    assert server.stdout is not None
    try:
        for line in server.stdout:
            if found := _ADDRESS.search(line):
                yield Target(found[1], server.pid, server)
                return
        raise ServerStartError(
            f"the server ended with status {server.wait()} before it was ready; it was started as\n"
            f"  {' '.join(command)}"
        )
    finally:
        if server.poll() is None and stop_server(server).status is None:
            server.kill()
            server.wait()
        server.stdout.close()
