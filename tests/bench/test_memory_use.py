"""What memory is made of, from the kernel's lists and of a real process."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from liusheng.bench import memory_use
from liusheng.bench.memory_use import (
    MemoryUnknownError,
    MemoryUse,
    ServerMemory,
    measured,
    report,
    server_memory,
)

SMAPS = """\
55d0c0a00000-55d0c0b00000 r--p 00000000 fe:00 131 /usr/bin/python3
Size:               1024 kB
Pss:                 100 kB
Pss_Dirty:             0 kB
Private_Clean:        10 kB
Private_Dirty:         0 kB
55d0c0b00000-55d0c0c00000 r-xp 00100000 fe:00 131 /usr/bin/python3
Pss:                 200 kB
Private_Clean:         0 kB
55d0c1c00000-55d0c2c00000 rw-p 00000000 00:00 0                          [heap]
Pss:                5000 kB
Private_Clean:         0 kB
Private_Dirty:      4000 kB
7f0000000000-7f0000100000 r--s 00000000 fe:00 44                         /models/zh CN.lm
Pss:                 300 kB
Private_Clean:       300 kB
7f0000200000-7f0000300000 rw-p 00000000 00:00 0
Pss:                  50 kB
Private_Dirty:        50 kB
VmFlags: rd wr mr mw me ac
"""


def test_mappings_are_summed_up_by_what_they_are() -> None:
    mapped: Counter[str] = Counter(python3=1)
    use = measured("vad", 5, SMAPS.splitlines(), mapped)
    kb = 1024
    assert use == MemoryUse("vad", 5, 4050 * kb, 1000 * kb, 300 * kb, 300 * kb)
    assert use.total == 5650 * kb
    assert mapped == {"python3": 300 * kb + 1, "zh CN.lm": 300 * kb}


def test_the_report_has_each_process_and_their_sum() -> None:
    uses = (MemoryUse("vad", 6, 1, 2, 3, 4), MemoryUse("server", 5, 10_000_000, 0, 500_000, 0))
    found = report(ServerMemory(uses, {"a.so": 2_000_000, "b": 9_000_000}), [("machine", "X")])
    processes, files = found.tables
    assert [row[0] for row in processes.rows] == ["server 5", "vad 6", "all"]
    assert processes.rows[0][1:] == ["10.5", "10.0", "0.0", "0.5", "0.0"]
    assert processes.rows[-1][1] == "10.5"
    assert [row[0] for row in files.rows] == ["b", "a.so"]
    assert found.data["total"] == 10_500_010


@pytest.mark.skipif(sys.platform != "linux", reason="known on Linux only")
def test_a_process_that_has_loaded_something() -> None:
    script = "data = bytes(range(256)) * 80_000; print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdin
        process.stdout.readline()
        memory = server_memory(process.pid)
        process.stdin.close()
    (use,) = memory.processes
    assert use.role == "server"
    assert use.own > 20_000_000
    assert use.programs > 0


def test_other_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_use, "sys", type("Sys", (), {"platform": "darwin"}))
    with pytest.raises(MemoryUnknownError, match="Linux only"):
        server_memory(1)
