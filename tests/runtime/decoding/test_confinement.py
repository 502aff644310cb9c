"""What a confined process can still do, tried in one."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from liusheng.runtime.decoding import confinement, seccomp

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux has all limits")

_TRIES = """
import json, os, resource, socket, sys
from liusheng.runtime.decoding import confinement

def use(seconds):
    confinement.allow_processor_time(seconds - confinement.START_SECONDS)
    while True:
        pass

tries = {
    "open": lambda: os.open(sys.argv[1], os.O_RDONLY),
    "write": lambda: os.open(sys.argv[1], os.O_RDWR),
    "remove": lambda: os.unlink(sys.argv[1]),
    "connect": socket.socket,
    "fork": os.fork,
    "execute": lambda: os.execv("/bin/true", ["true"]),
    "signal": lambda: os.kill(os.getppid(), 0),
    "other limits": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU),
    "much memory": lambda: bytearray(200 << 20),
    "some memory": lambda: len(bytearray(60 << 20)),
    "time": lambda: confinement.allow_processor_time(1.0),
    "new privileges": lambda: open("/proc/self/status"),
}
ours, theirs = socket.socketpair()
base = confinement.address_space()
if not (pid := os.fork()):
    ours.close()
    with confinement.confine(theirs, 96 << 20, base) as sock:
        results = {}
        for name, each in tries.items():
            try:
                each()
                results[name] = "done"
            except BaseException as error:
                results[name] = type(error).__name__
        sock.sendall(json.dumps(results).encode())
    use(1) if sys.argv[2:] else os._exit(0)
theirs.close()
sys.stdout.write(ours.makefile().read())
sys.stdout.write(" " + str(os.waitpid(pid, 0)[1]))
"""


def confined(*arguments: str) -> tuple[dict[str, str], int]:
    """What happened in a confined process, and its wait status."""
    command = [sys.executable, "-c", _TRIES, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    results, status = ran.stdout.rsplit(" ", 1)
    return json.loads(results), int(status)


def test_a_confined_process_can_compute_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    results, _ = confined(str(tmp_path / "secret"))
    refused = "PermissionError" if seccomp.program("x86_64") else "OSError"
    assert results == {
        "open": refused,
        "write": refused,
        "remove": refused,
        "connect": refused,
        "fork": refused,
        "execute": refused,
        "signal": refused,
        "other limits": refused,
        "much memory": "MemoryError",
        "some memory": "done",
        "time": "done",
        "new privileges": refused,
    }
    assert (tmp_path / "secret").read_text() == "secret"


@pytest.mark.slow
def test_processor_time_ends() -> None:
    _, status = confined("", "use time")
    assert os.WTERMSIG(status) == signal.SIGXCPU


def test_the_address_space_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert confinement.address_space() > 10 << 20
    monkeypatch.setattr(confinement, "Path", lambda _: Path("/proc/none/statm"))
    assert confinement.address_space() == 0


def test_processor_time_follows_the_audio() -> None:
    before = resource.getrlimit(resource.RLIMIT_CPU)
    try:
        confinement.allow_processor_time(100_000.5)
        assert resource.getrlimit(resource.RLIMIT_CPU) == (100_011, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, before)


class TestOrder:
    """What a process asks of the system to confine itself, with a system that does nothing."""

    class System:
        def __init__(self, platform: str, hard: int = resource.RLIM_INFINITY) -> None:
            self.platform = platform
            self.hard = hard
            self.limits: dict[int, int] = {}
            self.duplicated: list[tuple[int, int]] = []
            self.closed: list[tuple[int, int]] = []
            self.installed = False
            self.unknown: set[int] = set()

        def setrlimit(self, what: int, limits: tuple[int, int]) -> None:
            if what in self.unknown:
                raise ValueError
            self.limits[what] = limits[0]

        def install(self, libc: Any) -> None:
            assert libc.options == [38, 4], "no new privileges, not dumpable"
            self.installed = True

    @staticmethod
    def confine(
        monkeypatch: pytest.MonkeyPatch, system: System, descriptor: int = 7, base: int = 1000
    ) -> None:
        limits = {name: getattr(resource, name) for name in dir(resource) if name[:4] == "RLIM"}
        if system.platform != "linux":
            del limits["RLIMIT_NPROC"]
        libc = SimpleNamespace(options=[])
        libc.prctl = lambda option, *_: libc.options.append(option)
        replaced = {
            "os": SimpleNamespace(
                devnull=os.devnull,
                O_RDWR=os.O_RDWR,
                open=lambda *_: 9,
                dup2=lambda *each: system.duplicated.append(each),
                closerange=lambda *each: system.closed.append(each),
            ),
            "resource": SimpleNamespace(
                getrlimit=lambda _: (0, system.hard), setrlimit=system.setrlimit, **limits
            ),
            "signal": SimpleNamespace(SIGXCPU=0, SIG_DFL=0, signal=lambda *_: None),
            "socket": SimpleNamespace(socket=lambda fileno: fileno),
            "sys": SimpleNamespace(platform=system.platform),
            "ctypes": SimpleNamespace(CDLL=lambda *_, **__: libc),
            "seccomp": SimpleNamespace(install=system.install),
        }
        for name, fake in replaced.items():
            monkeypatch.setattr(confinement, name, fake)
        sock: Any = SimpleNamespace(detach=lambda: descriptor)
        moved: Any = confinement.confine(sock, 24, base)
        assert moved == 3

    def test_on_linux(self, monkeypatch: pytest.MonkeyPatch) -> None:
        system = self.System("linux", hard=10)
        self.confine(monkeypatch, system)
        assert system.duplicated == [(9, 0), (9, 1), (9, 2), (7, 3)]
        assert system.closed == [(4, 1024)]
        assert system.limits[resource.RLIMIT_NOFILE] == 4
        assert system.limits[resource.RLIMIT_NPROC] == 0
        assert system.limits[resource.RLIMIT_AS] == 10, "not more than is allowed"
        assert system.installed

    def test_a_limit_that_linux_does_not_set_is_an_error(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        system = self.System("linux")
        system.unknown = {resource.RLIMIT_AS}
        with pytest.raises(ValueError):  # noqa: PT011
            self.confine(monkeypatch, system)

    def test_elsewhere_what_the_system_does_not_have_is_no_error(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        system = self.System("darwin")
        system.unknown = {resource.RLIMIT_AS}
        self.confine(monkeypatch, system)
        assert resource.RLIMIT_NPROC not in system.limits
        assert system.limits[resource.RLIMIT_FSIZE] == 0
        assert not system.installed

    def test_the_socket_is_where_it_belongs_and_memory_is_unknown(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        system = self.System("linux")
        self.confine(monkeypatch, system, descriptor=3, base=0)
        assert system.duplicated == [(9, 0), (9, 1), (9, 2)]
        assert resource.RLIMIT_AS not in system.limits


class TestFilter:
    """The filter, run as the kernel runs it."""

    @staticmethod
    def run(machine: str, number: int, argument: int = 0, architecture: int | None = None) -> int:
        program = seccomp.program(machine)
        assert program
        own, _ = seccomp._CALLS[machine]
        data = {0: number, 4: own if architecture is None else architecture, 16: argument}
        loaded = at = 0
        while True:
            code, if_true, if_false, value = program[at]
            at += 1
            if code == 0x06:
                return value
            if code == 0x20:
                loaded = data[value]
            else:
                at += if_true if loaded == value else if_false

    @pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
    def test_what_is_listed_is_allowed_and_nothing_else(self, machine: str) -> None:
        _, calls = seccomp._CALLS[machine]
        allowed = {number for number in range(600) if self.run(machine, number) == 0x7FFF0000}
        assert allowed == set(calls.values())
        assert self.run(machine, 0x40000000) == 0x00050001  # x32
        assert self.run(machine, calls["read"], architecture=0x40000003) == 0x00050001
        assert self.run(machine, calls["prlimit64"], argument=1) == 0x00050001

    def test_other_machines_have_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert seccomp.program("riscv64") is None
        monkeypatch.setattr("platform.machine", lambda: "riscv64")
        libc: Any = None
        assert not seccomp.install(libc)

    @pytest.mark.parametrize("result", [0, -1])
    def test_a_kernel_may_have_none(self, monkeypatch: pytest.MonkeyPatch, result: int) -> None:
        monkeypatch.setattr("platform.machine", lambda: "x86_64")
        libc: Any = SimpleNamespace(prctl=lambda *_: result)
        assert seccomp.install(libc) is (result == 0)
