"""What the memory of a server's processes is made of (Linux): /proc/PID/smaps.

The figures are proportional (PSS): of a page that several processes share, each has its part, so
that the sum over all processes is what the server takes of the machine.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from liusheng.bench.processes import process_tree
from liusheng.bench.report import Report, Table

_PROC = Path("/proc")
_MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ (\S{4}) \S+ \S+ \d+ *(.*)")
_AMOUNT = re.compile(r"(\w+): +(\d+) kB")
_LARGEST = 8


class MemoryUnknownError(RuntimeError):
    """The system does not tell; the message says what is needed."""


@dataclass(frozen=True)
class MemoryUse:
    """The proportional memory of a process, in bytes.

    role: "server", or what the process does; "(template)" where others are forked from it.
    own: data that this process alone has: what it computes with, and what it loaded itself.
    shared: its part of data that it has in common with forks: loaded once for all of them.
    programs: its part of executables and libraries.
    files: its part of other files, such as models that are mapped into memory.
    """

    role: str
    pid: int
    own: int
    shared: int
    programs: int
    files: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.own + self.shared + self.programs + self.files


@dataclass(frozen=True)
class ServerMemory:
    """The memory of a server's processes.

    mapped: bytes of each executable, library and file, for all processes together.
    """

    processes: tuple[MemoryUse, ...]
    mapped: dict[str, int]


def server_memory(pid: int) -> ServerMemory:
    """Look at the processes of a server. pid: of its main process.

    Raises:
        psutil.NoSuchProcess: it has ended.
        MemoryUnknownError: this is not Linux, or the processes are another user's.
    """
    if sys.platform != "linux":
        raise MemoryUnknownError("what memory is made of is known on Linux only (/proc/PID/smaps)")
    mapped: Counter[str] = Counter()
    uses = []
    for process in process_tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            try:
                lines = (_PROC / str(process.pid) / "smaps").read_text("utf-8").splitlines()
            except PermissionError as error:
                raise MemoryUnknownError(
                    f"the memory of process {process.pid} cannot be read: run this as the server's "
                    "user"
                ) from error
            role = "server" if process.pid == pid else _role(process)
            uses.append(measured(role, process.pid, lines, mapped))
    return ServerMemory(tuple(uses), dict(mapped))


def _role(process: psutil.Process) -> str:
    name = process.name()
    forks = any(child.name() == name for child in process.children())
    return f"{name} (template)" if forks else name


def measured(role: str, pid: int, smaps: Iterable[str], mapped: Counter[str]) -> MemoryUse:
    """Sum up the lines of /proc/PID/smaps (proc_pid_smaps(5)).

    mapped: the proportional memory of each file is added to it.
    """
    own = shared = 0
    files: Counter[str] = Counter()
    executable: set[str] = set()
    name = ""
    for line in smaps:
        if mapping := _MAPPING.fullmatch(line):
            permissions, name = mapping.groups()
            if "x" in permissions:
                executable.add(name)
        elif amount := _AMOUNT.fullmatch(line.rstrip()):
            kind, size = amount[1], int(amount[2]) << 10
            if name.startswith("/"):
                files[name] += size if kind == "Pss" else 0
            elif kind == "Pss":
                shared += size
            elif kind in ("Private_Clean", "Private_Dirty"):
                own += size
                shared -= size
    mapped.update({Path(file).name: size for file, size in files.items()})
    programs = sum(size for file, size in files.items() if file in executable)
    return MemoryUse(role, pid, own, shared, programs, files.total() - programs)


def report(memory: ServerMemory, facts: Sequence[tuple[str, str]]) -> Report:
    """The report of a server's memory. facts: its circumstances; see `Report`."""
    uses = sorted(memory.processes, key=lambda use: (use.role != "server", use.role))
    every = [*uses, _sum("all", uses)]
    rows = [
        [f"{use.role} {use.pid or ''}".strip(), *(_mb(amount) for amount in _amounts(use))]
        for use in every
    ]
    columns = ["MB", "total", "own", "shared with forks", "programs", "other files"]
    largest = Counter(memory.mapped).most_common(_LARGEST)
    return Report(
        "Memory",
        facts,
        [
            Table("Proportional memory of each process", columns, rows),
            Table("The largest files in memory", ["MB", "all"], [[n, _mb(s)] for n, s in largest]),
        ],
        [],
        {
            "facts": dict(facts),
            "processes": [asdict(use) | {"total": use.total} for use in uses],
            "total": every[-1].total,
            "mapped": memory.mapped,
        },
    )


def _sum(role: str, uses: Sequence[MemoryUse]) -> MemoryUse:
    _, *amounts = (sum(column) for column in zip(*map(_amounts, uses), strict=True))
    return MemoryUse(role, 0, *amounts)


def _amounts(use: MemoryUse) -> tuple[int, int, int, int, int]:
    return use.total, use.own, use.shared, use.programs, use.files


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f}"
