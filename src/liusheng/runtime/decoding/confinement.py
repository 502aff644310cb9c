"""What a decoder process may use: little memory, little time, and nothing of the system.

On Linux all of it holds. On other systems what they have of it does; none of it is an error.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal
import socket
import sys
from pathlib import Path

from liusheng.runtime.decoding import seccomp

START_SECONDS = 10
"""Seconds of processor time that a file may take before any audio comes of it. After that, decoding
may not take longer than the audio lasts."""

_SOCKET = 3
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


def address_space() -> int:
    """Return the bytes of this process's address space; 0 where that is not known."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def confine(sock: socket.socket, memory_bytes: int, base: int) -> socket.socket:
    """Confine this process, a fork, for the rest of its life; return its socket, moved.

    memory_bytes: that it may allocate.
    base: bytes of its address space before the fork; 0: unknown, memory is not limited.

    Open are standard input, output and error, which lead nowhere, and the socket. No other file,
    socket or process can be opened.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    moved = sock.detach()
    if moved != _SOCKET:
        os.dup2(moved, _SOCKET)
    os.closerange(_SOCKET + 1, 1024)
    mine = socket.socket(fileno=_SOCKET)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _SOCKET + 1)
    if hasattr(resource, "RLIMIT_NPROC"):
        _limit(resource.RLIMIT_NPROC, 0)
    if base:
        _limit(resource.RLIMIT_AS, base + memory_bytes)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    allow_processor_time(0)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        seccomp.install(libc)
    return mine


def allow_processor_time(decoded: float) -> None:
    """Let this process end with SIGXCPU when it uses more time than its progress justifies.

    decoded: seconds of audio that it has made.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (START_SECONDS + math.ceil(decoded), hard))


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    try:
        resource.setrlimit(what, (most, most))
    except (ValueError, OSError):
        if sys.platform == "linux":
            raise
