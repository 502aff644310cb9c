"""A seccomp filter for Linux: the system calls that a decoder may make.

See the kernel's Documentation/userspace-api/seccomp_filter.rst. The bindings on the package index
need a system library (libseccomp), or are far larger than this: a decoder only computes, and reads
and writes one socket.
"""

from __future__ import annotations

import ctypes
import errno
import platform
from typing import Final

_CALLS: Final = {
    # machine: (AUDIT_ARCH of it, the numbers by name)
    "x86_64": (
        0xC000003E,
        {
            "read": 0,
            "write": 1,
            "close": 3,
            "fstat": 5,
            "poll": 7,
            "lseek": 8,
            "mmap": 9,
            "mprotect": 10,
            "munmap": 11,
            "brk": 12,
            "rt_sigaction": 13,
            "rt_sigprocmask": 14,
            "rt_sigreturn": 15,
            "sched_yield": 24,
            "mremap": 25,
            "madvise": 28,
            "getpid": 39,
            "sendto": 44,
            "recvfrom": 45,
            "exit": 60,
            "gettimeofday": 96,
            "getrusage": 98,
            "sigaltstack": 131,
            "gettid": 186,
            "futex": 202,
            "sched_getaffinity": 204,
            "restart_syscall": 219,
            "clock_gettime": 228,
            "clock_nanosleep": 230,
            "exit_group": 231,
            "ppoll": 271,
            "getrandom": 318,
            "prlimit64": 302,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "read": 63,
            "write": 64,
            "close": 57,
            "fstat": 80,
            "ppoll": 73,
            "lseek": 62,
            "mmap": 222,
            "mprotect": 226,
            "munmap": 215,
            "brk": 214,
            "rt_sigaction": 134,
            "rt_sigprocmask": 135,
            "rt_sigreturn": 139,
            "sched_yield": 124,
            "mremap": 216,
            "madvise": 233,
            "getpid": 172,
            "sendto": 206,
            "recvfrom": 207,
            "exit": 93,
            "gettimeofday": 169,
            "getrusage": 165,
            "sigaltstack": 132,
            "gettid": 178,
            "futex": 98,
            "sched_getaffinity": 123,
            "restart_syscall": 128,
            "clock_gettime": 113,
            "clock_nanosleep": 115,
            "exit_group": 94,
            "getrandom": 278,
            "prlimit64": 261,
        },
    ),
}

_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM

# Instructions of the classic BPF.
_LOAD = 0x20  # a word of struct seccomp_data
_JUMP_IF_EQUAL = 0x15
_RETURN = 0x06

# Offsets in struct seccomp_data; both machines are little-endian.
_NUMBER = 0
_ARCHITECTURE = 4
_FIRST_ARGUMENT = 16


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def program(machine: str) -> list[tuple[int, int, int, int]] | None:
    """Return the filter for a machine (code, jump if true, jump if false, value), if it is known.

    A call that is not listed fails with EPERM. `prlimit64` may only concern the caller itself.
    """
    if machine not in _CALLS:
        return None
    architecture, calls = _CALLS[machine]
    numbers = [number for name, number in calls.items() if name != "prlimit64"]
    count = len(numbers)
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_IF_EQUAL, 0, count + 4, architecture),
        (_LOAD, 0, 0, _NUMBER),
        *((_JUMP_IF_EQUAL, count - place + 3, 0, number) for place, number in enumerate(numbers)),
        (_JUMP_IF_EQUAL, 0, 2, calls["prlimit64"]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JUMP_IF_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]


def install(libc: ctypes.CDLL) -> bool:
    """Filter the calls of this process from now on; return whether that is so.

    The process must have no_new_privs set. Kernels without seccomp, and other machines, have no
    filter; the other limits hold there.
    """
    made = program(platform.machine())
    if made is None:
        return False
    instructions = (_Instruction * len(made))(*(_Instruction(*each) for each in made))
    filters = _Program(len(made), instructions)
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filters), 0, 0) == 0)
