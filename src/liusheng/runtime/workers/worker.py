"""A worker process: loads models once, then answers calls one at a time.

`liusheng.runtime.workers.process` starts it as `python -m liusheng.runtime.workers.worker FD`; FD
is its end of a socket. The first message names a factory of a handler and its arguments; each later
one names a method of the handler and its arguments.
"""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import socket
import sys
import traceback
from typing import Any

from liusheng.runtime.workers.pipe import WorkerEnd


class WorkerCallError(Exception):
    """A call failed in the worker with an exception that could not be sent; this is its text."""


def _sendable(error: Exception) -> Exception:
    try:
        copy = pickle.loads(pickle.dumps(error))
    except Exception:
        return WorkerCallError(f"{type(error).__name__}: {error}")
    return copy if isinstance(copy, Exception) else WorkerCallError(str(error))


def _answer(call: Any, *args: Any) -> tuple[bool, Any, str]:
    try:
        return True, call(*args), ""
    except Exception as error:
        return False, _sendable(error), traceback.format_exc()


def _handler(factory: str, args: tuple[Any, ...]) -> Any:
    module, _, name = factory.rpartition(".")
    return getattr(importlib.import_module(module), name)(*args)


def main() -> None:
    """Serve calls until the server closes its end."""
    # Ctrl-C goes to the whole process group; the server is the one who decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end = WorkerEnd(socket.socket(fileno=int(sys.argv[1])))
    try:
        factory, args, nice = end.receive()
        os.nice(nice)
        done, handler, trace = _answer(_handler, factory, args)
        if not done:
            end.send((False, handler, trace))
            return
        end.send(_answer(handler.describe))
        while True:
            method, args = end.receive()
            end.send(_answer(getattr(handler, method), *args))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


if __name__ == "__main__":
    main()
