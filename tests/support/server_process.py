"""A server in a process of its own with the model in the package, as an operator runs it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_TIMEOUT = 120.0

SETTINGS = """
ports = [0]
home = "{home}"
log_level = "debug"

[asr]
models = ["tiny"]

[tts]
models = []

[access]
keys_file = "{home}/keys.json"

[workers]
asr = 1
"""


def environment_of_program() -> dict[str, str]:
    """Return the environment without what lengthens tests: the program takes that for settings."""
    lengths = ("LIUSHENG_KILLS", "LIUSHENG_CUTS", "LIUSHENG_FLOOD_SECONDS")
    return {name: value for name, value in os.environ.items() if name not in lengths}


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Return when `condition` returns something true; fail after a long time."""
    deadline = time.monotonic() + _TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


class ServerProcess:
    """A running server; `folder` has its settings file and its log."""

    def __init__(self, folder: Path, more: str, environment: dict[str, str]) -> None:
        self.config = folder / "settings.toml"
        self._log = folder / "log"
        self._folder = folder
        self.configure(more)
        # A group of its own, as a service has, so that signals may be sent to all of it.
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "liusheng.cli", "serve", "--config", str(self.config)],
                env={**environment_of_program(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.address = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"ws://(\S+?)/paddlespeech/asr/streaming", line):
                self.address = found[1]
            if "Stop with Ctrl-C." in line:
                break
        assert self.address, self.log()

    def configure(self, more: str) -> None:
        """Write the settings file: SETTINGS and `more`."""
        self.config.write_text(SETTINGS.format(home=self._folder) + more)

    def log(self) -> str:
        """Return what was logged so far."""
        return self._log.read_text()

    def send(self, number: int) -> None:
        """Send a signal to the server alone."""
        self.process.send_signal(number)

    def reload(self) -> None:
        """Reload the settings, and wait until that has succeeded or failed."""
        pattern = re.compile("The settings were (not )?reloaded")
        before = len(pattern.findall(self.log()))
        self.send(signal.SIGHUP)
        wait_until(lambda: len(pattern.findall(self.log())) > before, "a reload")

    def children(self) -> list[int]:
        """Return the process ids of its children and theirs: the workers, what forks them, and what
        decodes files."""
        return [each.pid for each in psutil.Process(self.process.pid).children(recursive=True)]

    def workers(self) -> list[int]:
        """Return the process ids of its workers, and of what forks them."""
        return [pid for pid in self.children() if b"runtime.workers." in _command(pid)]

    def ended(self) -> int:
        """Wait until the server has ended; return its status, negative for a signal."""
        return self.process.wait(_TIMEOUT)


def gone(pids: list[int]) -> bool:
    """Whether none of these processes is running."""
    return not any(_running(pid) for pid in pids)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@contextmanager
def server_process(folder: Path, more: str = "", **environment: str) -> Iterator[ServerProcess]:
    """Run a server until the end of the block. more: of its settings, as TOML."""
    server = ServerProcess(folder, more, environment)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        assert server.process.stdout is not None
        server.process.stdout.close()
