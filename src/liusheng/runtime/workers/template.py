"""A process from which workers are forked: they share the memory of all that it has loaded.

`liusheng.runtime.workers.templates` starts it as `python -m liusheng.runtime.workers.template FD`.
FD is its end of a socket pair. The first message says how to create the handlers
(`liusheng.runtime.workers.worker.Creation`); the response to it is as a worker's, without a result.
After it come requests for forks (`liusheng.runtime.forking`).

The factory runs here, once. Each fork finishes its own handler. Pages that nobody writes to, such
as those of weights and dictionaries, are in memory once for all forks.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

from liusheng.runtime.failures import print_frames, print_frames_only
from liusheng.runtime.forking.forker import Forker, ignore_group_signals
from liusheng.runtime.workers.attachment import attach_to_server
from liusheng.runtime.workers.pipe import WorkerPipe
from liusheng.runtime.workers.settling import settle
from liusheng.runtime.workers.worker import (
    Creation,
    NotForkableError,
    call,
    receive_creation,
    serve,
)

_TASKS = Path("/proc/self/task")


def _begun(creation: Creation) -> Any:
    begun = creation.begin()
    settle()
    threads = len(list(_TASKS.iterdir()))
    if threads > 1:
        raise NotForkableError(f"it has {threads - 1} threads that a fork would not have")
    return begun


def run(control: socket.socket) -> None:
    """Create what the forks share, then fork, until the other end of the socket is closed."""
    pipe = WorkerPipe(control)
    creation = receive_creation(pipe)
    if creation is None:
        return
    succeeded, begun, traceback, seconds = call(_begun, creation)
    try:
        pipe.send((succeeded, None if succeeded else begun, traceback, seconds))
    except ConnectionError:  # the server has ended
        return
    pipe.release()
    if not succeeded:
        return

    def work(sock: socket.socket) -> None:
        try:
            attach_to_server(sock)
            serve(WorkerPipe(sock), call(creation.finished, begun))
        except BaseException as error:
            print_frames(error)
            raise

    Forker(control, work).run()


def main() -> None:
    """Run a template."""
    print_frames_only()  # its forks, too: what they fail on may be a text
    ignore_group_signals()
    run(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
