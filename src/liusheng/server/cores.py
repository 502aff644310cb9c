"""The number of CPU cores that this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores(quota_file: Path = CGROUP_QUOTA) -> int:
    """Return the number of cores by CPU affinity and the container's quota.

    In a container `os.cpu_count` is the number of the machine's cores; that many workers would
    compete for the container's quota.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:  # macOS
        cores = os.cpu_count() or 1
    try:
        quota, period = quota_file.read_text().split()
        limit = math.ceil(int(quota) / int(period))
    except (OSError, ValueError):  # not cgroup v2, or "max": no quota
        return cores
    return max(1, min(cores, limit))
