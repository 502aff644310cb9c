"""What a worker gives back, measured in a process with its allocator's settings."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from liusheng.runtime.workers.process import MALLOC_VARIABLES

PROGRAM = """
from pathlib import Path
from liusheng.runtime.workers.settling import give_back

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

before = resident()
blocks = [bytearray(100_000) for _ in range(1_000)]
kept = blocks[::100]  # each in a place of its own
full = resident()
del blocks
freed = resident()
give_back()
print(before, full, freed, resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not given back")
def test_what_is_free_between_blocks_in_use_goes_back_to_the_system() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | MALLOC_VARIABLES,
        check=True,
        capture_output=True,
        text=True,
    )
    before, full, freed, after = map(int, done.stdout.split())
    assert full > before + 80
    assert freed > before + 80, "the allocator keeps it"
    assert after < before + 20
