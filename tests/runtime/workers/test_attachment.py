"""What ends a worker: the end of the server, even while it computes, and no signal to its group."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from liusheng.runtime.workers.pipe import WorkerPipe
from liusheng.runtime.workers.worker import Creation

pytestmark = [
    pytest.mark.usefixtures("fakes"),
    pytest.mark.skipif(sys.platform == "win32", reason="signals and poll of POSIX"),
]


class Worker:
    def __init__(self) -> None:
        self.ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "liusheng.runtime.workers.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
            )
        # Both ends of the pipe speak alike.
        self.pipe = WorkerPipe(self.ours)
        self.pipe.send(Creation("test", "tests.support.worker_handlers.Handler", ()))
        self.pipe.receive()


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.process.kill()
    made.process.wait()
    made.ours.close()


def test_a_worker_that_computes_ends_with_the_server(worker: Worker) -> None:
    worker.pipe.send(("hang", ()))
    worker.ours.shutdown(socket.SHUT_RDWR)
    assert worker.process.wait(50) == 0, "it hangs for longer than that"


def test_signals_to_the_group_do_not_end_it(worker: Worker) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(worker.process.pid, number)
    worker.pipe.send(("add", (1, 2)))
    assert worker.pipe.receive()[:2] == (True, 3)
