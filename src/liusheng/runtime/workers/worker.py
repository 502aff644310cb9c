"""The main loop of a worker process: create a handler, then serve calls one at a time.

`liusheng.runtime.workers.process` starts it as `python -m liusheng.runtime.workers.worker FD`; FD
is its end of a socket pair. The first message says how to create the handler (`Creation`); each
later message has a method of the handler and its arguments. The response is (whether it succeeded,
the result or exception, the `WorkerTraceback`, the seconds of processor time that it took).

`liusheng.runtime.workers.template` forks workers that have created most of their handler already.
"""

from __future__ import annotations

import importlib
import math
import os
import pickle
import socket
import sys
import time
from dataclasses import dataclass
from typing import Any, TypeAlias

from liusheng.runtime.failures import WorkerTraceback, print_frames_only
from liusheng.runtime.workers.attachment import attach_to_server
from liusheng.runtime.workers.pipe import WorkerCallError, WorkerPipe
from liusheng.runtime.workers.prepared import PreparedHandler
from liusheng.runtime.workers.settling import give_back, name_process, settle

_GIVE_BACK_SECONDS = 30.0
"""After a worker's first call since the last time, until it gives memory back. That takes some
milliseconds, and the pages are mapped again as jobs need them."""


Response: TypeAlias = tuple[bool, Any, WorkerTraceback, float]


class NotForkableError(RuntimeError):
    """A factory began threads, which a fork would not have."""


@dataclass(frozen=True)
class Creation:
    """How to create a handler.

    name: of the process.
    factory: dotted name of a callable, called with `args`. It returns the handler, or a
        `PreparedHandler`, which is finished in each worker.
    nice: added to the niceness of the process.
    """

    name: str
    factory: str
    args: tuple[Any, ...]
    nice: int = 0

    def begin(self) -> Any:
        """Return what the factory does."""
        module, _, name = self.factory.rpartition(".")
        return getattr(importlib.import_module(module), name)(*self.args)

    def finished(self, begun: Any) -> Any:
        """Return the handler. begun: what `begin` returned."""
        handler = begun.finish() if isinstance(begun, PreparedHandler) else begun
        settle()
        return handler


def _picklable(error: Exception) -> Exception:
    try:
        copy = pickle.loads(pickle.dumps(error))
    except Exception:
        return WorkerCallError(f"{type(error).__name__}: {error}")
    return copy if isinstance(copy, Exception) else WorkerCallError(str(error))


def call(function: Any, *args: Any) -> Response:
    """Call a function; return the response."""
    began = time.process_time()
    try:
        result = True, function(*args), WorkerTraceback()
    except Exception as error:
        result = False, _picklable(error), WorkerTraceback.of(error)
    return *result, time.process_time() - began


def serve(pipe: WorkerPipe, created: Response) -> None:
    """Describe the handler, then serve calls, until the server closes its end of the pipe.

    created: the response of its creation.
    """
    try:
        succeeded, handler, *_ = created
        if not succeeded:
            pipe.send(created)
            return
        pipe.send(call(handler.describe))
        while True:
            _serve_for_a_while(pipe, handler)
            give_back()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _serve_for_a_while(pipe: WorkerPipe, handler: Any) -> None:
    """Serve calls: wait for one, go on for a while, and return when no other one is there.

    Raises:
        EOFError, BrokenPipeError, ConnectionResetError: the server has closed its end.
    """
    end = math.inf
    while end == math.inf or pipe.arrives(max(0.0, end - time.monotonic())):
        method, args = pipe.receive()
        pipe.send(call(getattr(handler, method), *args))
        end = min(end, time.monotonic() + _GIVE_BACK_SECONDS)


def receive_creation(pipe: WorkerPipe) -> Creation | None:
    """Return what this process is to create, after taking its name and niceness; None: the server
    has ended."""
    try:
        creation: Creation = pipe.receive()
    except EOFError:
        return None
    os.nice(creation.nice)
    name_process(creation.name)
    return creation


def main() -> None:
    """Run a worker."""
    print_frames_only()  # what it fails on may be a text, and the log gets its stderr
    sock = socket.socket(fileno=int(sys.argv[1]))
    attach_to_server(sock)
    pipe = WorkerPipe(sock)
    creation = receive_creation(pipe)
    if creation is None:
        return
    serve(pipe, call(lambda: creation.finished(creation.begin())))


if __name__ == "__main__":
    main()
