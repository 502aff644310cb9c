"""A server in a process of its own with the model in the package, as an operator runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.support.command_process import TIMEOUT, CommandProcess

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


class ServerProcess(CommandProcess):
    """A running server. config: its settings file."""

    def __init__(self, folder: Path, more: str, environment: dict[str, str]) -> None:
        self.config = folder / "settings.toml"
        self._folder = folder
        self.configure(more)
        arguments = ("serve", "--config", str(self.config))
        super().__init__(folder, *arguments, environment=environment, own_group=True)

    def configure(self, more: str) -> None:
        """Write the settings file: SETTINGS and `more`."""
        self.config.write_text(SETTINGS.format(home=self._folder) + more)

    def send(self, number: int) -> None:
        """Send a signal to the server alone."""
        self.process.send_signal(number)

    def children(self) -> list[int]:
        """Return the process ids of its children and theirs: the workers, what forks them, and what
        decodes files."""
        return [each.pid for each in psutil.Process(self.process.pid).children(recursive=True)]

    def workers(self) -> list[int]:
        """Return the process ids of its workers, and of what forks them."""
        return [pid for pid in self.children() if b"runtime.workers." in _command(pid)]

    def ended(self) -> int:
        """Wait until the server has ended; return its status, negative for a signal."""
        return self.process.wait(TIMEOUT)


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
        server.close()
