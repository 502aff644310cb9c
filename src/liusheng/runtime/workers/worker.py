"""The main loop of a worker process: create a handler, then serve calls one at a time.

`liusheng.runtime.workers.process` starts it as `python -m liusheng.runtime.workers.worker FD`; FD
is its end of a socket pair. The first message has the factory of the handler, its arguments and
the process's niceness; each later message has a method of the handler and its arguments. The
response is (whether it succeeded, the result or exception, the traceback, the seconds of processor
time that it took).
"""

from __future__ import annotations

import importlib
import os
import pickle
import socket
import sys
import time
import traceback
from typing import Any

from liusheng.runtime.workers.attachment import attach_to_server
from liusheng.runtime.workers.pipe import WorkerCallError, WorkerPipe


def _picklable(error: Exception) -> Exception:
    try:
        copy = pickle.loads(pickle.dumps(error))
    except Exception:
        return WorkerCallError(f"{type(error).__name__}: {error}")
    return copy if isinstance(copy, Exception) else WorkerCallError(str(error))


def _call(function: Any, *args: Any) -> tuple[bool, Any, str, float]:
    began = time.process_time()
    try:
        result = True, function(*args), ""
    except Exception as error:
        result = False, _picklable(error), traceback.format_exc()
    return *result, time.process_time() - began


def _create_handler(factory: str, args: tuple[Any, ...]) -> Any:
    module, _, name = factory.rpartition(".")
    return getattr(importlib.import_module(module), name)(*args)


def main() -> None:
    """Serve calls until the server closes its end of the pipe."""
    sock = socket.socket(fileno=int(sys.argv[1]))
    attach_to_server(sock)
    pipe = WorkerPipe(sock)
    try:
        factory, args, nice = pipe.receive()
        os.nice(nice)
        created = _call(_create_handler, factory, args)
        succeeded, handler, *_ = created
        if not succeeded:
            pipe.send(created)
            return
        pipe.send(_call(handler.describe))
        while True:
            method, args = pipe.receive()
            pipe.send(_call(getattr(handler, method), *args))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


if __name__ == "__main__":
    main()
