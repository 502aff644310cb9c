"""What memory synthesis workers take: dictionaries are packed, and models loaded once for all."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from liusheng.bench.memory_use import MemoryUse, measured
from liusheng.models.store import Store
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers.process import WorkerProcess
from liusheng.runtime.workers.templates import Template
from liusheng.runtime.workers.worker import Creation

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="/proc/PID/smaps is Linux's"),
]

LOADED = """
import sys
from liusheng.models.store import Store
from liusheng.runtime.synthesis.handler import load_synthesis_handler
load_synthesis_handler([Store().open("liusheng-zh-en")], None)
print(*sys.modules)
"""


def memory_of(pid: int) -> MemoryUse:
    lines = Path(f"/proc/{pid}/smaps").read_text("utf-8").splitlines()
    return measured("synthesis", pid, lines, Counter())


def creation() -> Creation:
    """A worker with the package's own voice."""
    factory = "liusheng.runtime.synthesis.handler.load_synthesis_handler"
    return Creation("synthesis", factory, ([Store().open("liusheng-zh-en")], None))


async def memory_after_speaking(worker: WorkerProcess) -> MemoryUse:
    assert await worker.call("self_test", timeout=120)
    return memory_of(worker.pid)


async def test_a_worker_by_itself_takes_under_165_mb() -> None:
    """About 135 where it was measured; 250 with the dictionaries as `dict`s."""
    worker = await WorkerProcess.start(creation(), PoolOptions())
    memory = await memory_after_speaking(worker)
    await worker.kill()
    assert memory.own < 165e6


async def test_a_forked_worker_has_little_of_its_own() -> None:
    template = await Template.start(creation(), PoolOptions())
    worker = await template.worker()
    memory = await memory_after_speaking(worker)
    await worker.kill()
    await template.stop()
    assert memory.own < 40e6


def test_pypinyin_is_not_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=120
    )
    modules = set(done.stdout.split())
    assert "liusheng.tts.harmonic_noise.voice" in modules
    assert "pypinyin" not in modules
