"""A command of `liusheng` that serves, in a process of its own, as an operator runs it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

TIMEOUT = 120.0


def environment_of_program() -> dict[str, str]:
    """Return the environment without what lengthens tests: the program takes that for settings."""
    lengths = ("LIUSHENG_KILLS", "LIUSHENG_CUTS", "LIUSHENG_FLOOD_SECONDS")
    return {name: value for name, value in os.environ.items() if name not in lengths}


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Return when `condition` returns something true; fail after a long time."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


class CommandProcess:
    """A running command.

    folder: has its settings file and its log.
    address: where it serves, HOST:PORT.
    own_group: it leads a process group, as a service does, so that all of it can get a signal.
    """

    def __init__(
        self, folder: Path, *arguments: str, environment: Mapping[str, str], own_group: bool = False
    ) -> None:
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "liusheng.cli", *arguments],
                env={**environment_of_program(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=own_group,
            )
        self.address = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"ws://(\S+?)/paddlespeech/asr/streaming", line):
                self.address = found[1]
            if "Stop with Ctrl-C." in line:
                break
        assert self.address, self.log()

    def log(self) -> str:
        """Return what was logged so far."""
        return self._log.read_text(errors="replace")

    def reload(self) -> None:
        """Reload the settings, and wait until that has succeeded or failed."""
        pattern = re.compile("The settings were (not )?reloaded")
        before = len(pattern.findall(self.log()))
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(pattern.findall(self.log())) > before, "a reload")

    def close(self) -> None:
        """Reap the process, which was told to end."""
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
