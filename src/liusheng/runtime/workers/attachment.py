"""What ties a worker process to the server: it ends with it, and by nothing else that is sent to
the process group."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading


def attach_to_server(sock: socket.socket) -> None:
    """Ignore the signals that end the server, and end this process when the server has ended.

    Ctrl-C goes to the whole process group of a terminal, and systemd sends SIGTERM to every process
    of a service. A worker that obeyed would end before the sessions that need it.

    sock: this process's end of the pipe. The server's end closes when the server ends, however it
        does. A thread waits for that, because the main thread may be computing for long.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_IGN)
    if hasattr(select, "poll"):
        threading.Thread(target=_end_with, args=(sock.fileno(),), daemon=True).start()


def _end_with(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, 0)  # hang-ups and errors are always reported
    poll.poll()
    os._exit(0)
