"""How many cores this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores(quota_file: Path = CGROUP_QUOTA) -> int:
    """Return the number of cores that are ours: what the scheduler allows, and a container's quota.

    In a container `os.cpu_count` says what the machine has, not what the container may use; a
    worker for each core of the machine would only get in the others' way.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:  # macOS
        cores = os.cpu_count() or 1
    try:
        quota, period = quota_file.read_text().split()
        limit = math.ceil(int(quota) / int(period))
    except (OSError, ValueError):  # no cgroup of version 2, or "max": no quota
        return cores
    return max(1, min(cores, limit))
