"""The metrics of processes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from liusheng.server.observe.process_metrics import process_metrics

MEGABYTE = 1 << 20

FORKS = """
import os, sys
shared = b"x" * (64 << 20)
fork = os.fork()
if fork:
    print(os.getpid(), fork, flush=True)
sys.stdin.read()
"""


def memory(pids: list[int]) -> float:
    (sample,) = next(iter(process_metrics({"worker": pids}))).samples
    return sample.value


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_memory_that_forks_share_counts_once() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FORKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert 64 * MEGABYTE < memory(pids) < 110 * MEGABYTE
        assert memory([pids[0]]) < 64 * MEGABYTE
        parent.kill()


def test_a_process_that_has_ended_has_no_memory() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    assert memory([ended.pid]) == 0
