"""The CPU quota of the control groups that this process is in (Linux; proc(5), cgroups(7)).

Both versions of cgroups are read, also side by side. Each group from the process's own one up to
the root may have a quota, and all of them hold: systemd sets `CPUQuota=` on the group of a service
or of a slice above it, a container engine on that of the container.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

PROCESS = Path("/proc/self")


class _Mount(NamedTuple):
    """A folder that shows groups with the controller of CPU time.

    unified: of version 2.
    root: the group that the folder itself is.
    """

    unified: bool
    root: PurePosixPath
    folder: Path


def quota_cores(process: Path = PROCESS) -> int | None:
    """Return the cores of the smallest quota, rounded up; None: there is none.

    process: the folder of the process in /proc. What is missing or not understood is no quota.
    """
    mounts = list(_mounts(_text(process / "mountinfo")))
    quotas = []
    for unified, group in _groups(_text(process / "cgroup")):
        for folder in _levels(group, [mount for mount in mounts if mount.unified == unified]):
            quotas.append(_cores(_quota(folder, unified)))
    return min((each for each in quotas if each is not None), default=None)


def _mounts(mountinfo: str) -> Iterator[_Mount]:
    for line in mountinfo.split("\n"):
        before, _, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ")
        if len(fields) < 5 or len(kind) < 3:
            continue
        unified = kind[0] == "cgroup2"
        if unified or (kind[0] == "cgroup" and "cpu" in kind[2].split(",")):
            root, folder = (_unescaped(each) for each in fields[3:5])
            yield _Mount(unified, PurePosixPath(root), Path(folder))


def _groups(cgroup: str) -> Iterator[tuple[bool, PurePosixPath]]:
    """Yield the groups of the process that may have a quota, with whether they are of version 2."""
    for line in cgroup.split("\n"):
        number, _, rest = line.partition(":")
        controllers, separator, group = rest.partition(":")
        unified = number == "0" and not controllers
        if separator and (unified or "cpu" in controllers.split(",")):
            yield unified, PurePosixPath(group)


def _levels(group: PurePosixPath, mounts: list[_Mount]) -> Iterator[Path]:
    """Yield the folders of a group and of those above it, as far as they are mounted.

    Of a group that is not below what is mounted only the mounted one is known. That is so in a
    container whose namespace begins elsewhere: then one of them has ".." in its path.
    """
    inside = [mount for mount in mounts if _is_inside(group, mount.root)]
    for mount in inside or mounts:
        below = group.relative_to(mount.root) if inside else PurePosixPath()
        for level in (below, *below.parents):
            yield mount.folder / level


def _is_inside(group: PurePosixPath, root: PurePosixPath) -> bool:
    return ".." not in group.parts and group.is_relative_to(root)


def _quota(folder: Path, unified: bool) -> tuple[str, str]:
    """Return a quota and its period in microseconds, as they are written."""
    if unified:
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        return quota, period
    return _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")


def _cores(quota: tuple[str, str]) -> int | None:
    try:
        time, period = (int(each) for each in quota)
    except ValueError:  # also "max"
        return None
    # In version 1 a quota of -1 is none.
    return -(-time // period) if time > 0 and period > 0 else None


def _unescaped(path: str) -> str:
    """Return a path of mountinfo, where white space and backslashes are octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


def _text(file: Path) -> str:
    """Return the content of a file; "" if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    except (OSError, ValueError):  # ValueError: a path with a null character
        return ""
