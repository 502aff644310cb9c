"""The number of CPU cores that this process may use."""

from __future__ import annotations

import os
from pathlib import Path

from liusheng.server.cpu_quota import PROCESS, quota_cores


def usable_cores(process: Path = PROCESS) -> int:
    """Return the number of cores by CPU affinity and the quotas of containers and services.

    In a container `os.cpu_count` is the number of the machine's cores; that many workers would
    compete for the container's quota.

    process: the folder of this process in /proc.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:  # macOS
        cores = os.cpu_count() or 1
    quota = quota_cores(process)
    return cores if quota is None else min(cores, quota)
