"""Handlers for worker processes that test the machinery of workers itself."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

from liusheng.runtime.workers.prepared import PreparedHandler


class Handler:
    """Does what its methods are called."""

    def __init__(self, *args: Any) -> None:
        self._args = args

    def describe(self) -> dict[str, Any]:
        return {
            "args": self._args,
            "niceness": os.nice(0),
            "threads": os.environ["OMP_NUM_THREADS"],
        }

    def add(self, one: int, other: int) -> int:
        return one + other

    def pid(self) -> int:
        return os.getpid()

    def fail(self, text: str) -> NoReturn:
        raise LookupError(text)

    def fail_unpicklably(self) -> NoReturn:
        class LocalError(Exception):
            pass

        raise LocalError("not for pickle")

    def die(self, status: int) -> NoReturn:
        os._exit(status)

    def kill_itself(self, number: int) -> None:
        os.kill(os.getpid(), number)

    def hang(self) -> None:
        time.sleep(60)

    def spin(self) -> None:
        self.work(60)

    def work(self, seconds: float) -> None:
        """Use a core for so long."""
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass

    def hold(self, file: str) -> int:
        """Write the process id to a file, and return it when the file is gone."""
        held = Path(file)
        held.write_text(str(os.getpid()), encoding="ascii")
        while held.exists():
            time.sleep(0.01)
        return os.getpid()


class Prepared(PreparedHandler):
    """A handler that knows in which process it was prepared."""

    def __init__(self, *args: Any) -> None:
        self._args = args or (os.getpid(),)

    def finish(self) -> Handler:
        return Handler(*self._args, "finished")


class Threaded:
    """Has a thread, which a fork would not have."""

    def __init__(self) -> None:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()

    def describe(self) -> str:
        return "threaded"

    def pid(self) -> int:
        return os.getpid()


def start_until(stop: str) -> Handler:
    """Fail to start once the file `stop` is there."""
    if Path(stop).exists():
        raise FileNotFoundError("the model has gone")
    return Handler()


def count_and_fail(file: str) -> NoReturn:
    """Write a character to a file for each call, and fail."""
    with Path(file).open("a", encoding="utf-8") as tries:
        tries.write("x")
    raise FileNotFoundError("the model has gone")
