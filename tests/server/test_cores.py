"""How many cores there are for the workers: affinity, and the quotas of control groups."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest

from liusheng.server.cores import usable_cores

MACHINE = 64
CGROUPS = "sys/fs/cgroup"


@pytest.fixture(autouse=True)
def a_machine_with_many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    cores = set(range(MACHINE))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores, raising=False)


Files = dict[str, str | bytes]
"""Contents by path."""


class Mount(NamedTuple):
    """A line of mountinfo: what is mounted of which file system, and where below the root."""

    kind: str
    options: str = "rw"
    root: str = "/"
    folder: str = CGROUPS


V2 = Mount("cgroup2")


def v1(name: str, options: str | None = None, root: str = "/") -> Mount:
    return Mount("cgroup", f"rw,{options or name}", root, f"{CGROUPS}/{name}")


def machine(root: Path, group: str, mounts: list[Mount], files: Files, between: str = "") -> Path:
    """Make the files of a machine below a folder; return what is /proc/self on it.

    group: the content of /proc/self/cgroup.
    files: in /sys/fs/cgroup.
    between: optional fields of mountinfo, each with a space after it.
    """
    lines = ["21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw"]
    for number, mount in enumerate(mounts, 30):
        folder = str(root / mount.folder).replace("\\", r"\134").replace(" ", r"\040")
        lines.append(
            f"{number} 21 0:{number} {mount.root} {folder} ro,nosuid {between}"
            f"- {mount.kind} cgroup {mount.options}"
        )
    for name, content in files.items():
        file = root / CGROUPS / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    process = root / "proc/self"
    process.mkdir(parents=True)
    (process / "mountinfo").write_text("\n".join(lines) + "\n")
    (process / "cgroup").write_text(group)
    return process


@pytest.mark.parametrize(
    ("content", "cores"),
    [
        ("100000 100000\n", 1),
        ("150000 100000\n", 2),
        ("max 100000\n", MACHINE),
        ("nonsense", MACHINE),
    ],
)
def test_a_containers_quota_counts(tmp_path: Path, content: str, cores: int) -> None:
    process = machine(tmp_path, "0::/\n", [V2], {"cpu.max": content})
    assert usable_cores(process) == cores


SERVICE = "0::/speech.slice/liusheng.service\n"


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"speech.slice/liusheng.service/cpu.max": "300000 100000\n"}, 3),
        ({"speech.slice/cpu.max": "500000 100000\n"}, 5),
        (
            {
                "speech.slice/cpu.max": "200000 100000\n",
                "speech.slice/liusheng.service/cpu.max": "300000 100000\n",
            },
            2,
        ),
        (
            {
                "cpu.max": "900000 100000\n",
                "speech.slice/cpu.max": "max 100000\n",
                "speech.slice/liusheng.service/cpu.max": "125000 50000\n",
            },
            3,
        ),
    ],
    ids=["of a service", "of its slice", "the smaller one", "another period"],
)
def test_the_smallest_quota_of_all_levels_counts(tmp_path: Path, files: Files, cores: int) -> None:
    others: Files = {"other.service/cpu.max": "100000 100000\n"}
    process = machine(tmp_path, SERVICE, [V2], {**files, **others})
    assert usable_cores(process) == cores


def quota_of_version_1(folder: str, quota: int, period: int = 100_000) -> Files:
    return {
        f"{folder}/cpu.cfs_quota_us": f"{quota}\n",
        f"{folder}/cpu.cfs_period_us": f"{period}\n",
    }


@pytest.mark.parametrize(
    ("group", "mount", "files"),
    [
        ("4:cpu:/\n", v1("cpu"), quota_of_version_1("cpu", 300_000)),
        (
            "4:cpu,cpuacct:/\n",
            v1("cpu,cpuacct"),
            quota_of_version_1("cpu,cpuacct", 120_000, 50_000),
        ),
        (
            "4:cpuacct,cpu:/\n",
            v1("cpuacct,cpu", "xattr,cpuacct,cpu"),
            quota_of_version_1("cpuacct,cpu", 300_000),
        ),
        (
            "5:memory:/\n4:cpu:/speech.slice/liusheng.service\n",
            v1("cpu"),
            quota_of_version_1("cpu", -1)
            | quota_of_version_1("cpu/speech.slice", 300_000)
            | quota_of_version_1("cpu/speech.slice/liusheng.service", -1),
        ),
        (
            "4:cpu:/docker/5c0e\n",
            v1("cpu", root="/docker/5c0e"),
            quota_of_version_1("cpu", 300_000),
        ),
        (
            "4:cpu:/docker/5c0e/workers\n",
            v1("cpu", root="/docker/5c0e"),
            quota_of_version_1("cpu", 400_000) | quota_of_version_1("cpu/workers", 250_000),
        ),
    ],
    ids=["cpu", "cpu,cpuacct", "cpuacct,cpu", "of a slice", "a container", "a group in it"],
)
def test_quotas_of_version_1_count(tmp_path: Path, group: str, mount: Mount, files: Files) -> None:
    other = quota_of_version_1("cpuset", 100_000)
    process = machine(tmp_path, group, [v1("cpuset"), mount], {**files, **other})
    assert usable_cores(process) == 3


@pytest.mark.parametrize(
    "files",
    [
        quota_of_version_1("cpu/a.service", 300_000),
        {"unified/a.service/cpu.max": "300000 100000\n"},
        quota_of_version_1("cpu/a.service", 300_000)
        | {"unified/a.service/cpu.max": "400000 100000\n"},
    ],
    ids=["of version 1", "of version 2", "of both"],
)
def test_both_versions_side_by_side(tmp_path: Path, files: Files) -> None:
    mounts = [v1("cpu"), Mount("cgroup2", folder=f"{CGROUPS}/unified")]
    group = "4:cpu:/a.service\n1:name=systemd:/a.service\n0::/a.service\n"
    assert usable_cores(machine(tmp_path, group, mounts, files)) == 3


HOST = "/system.slice/docker-5c0e.scope"


@pytest.mark.parametrize(
    ("group", "mount", "files"),
    [
        # A namespace of its own: the container's group is the root.
        ("0::/workers\n", V2, {"workers/cpu.max": "300000 100000\n"}),
        # The host's: the mounted group has the name that the host knows.
        (
            f"0::{HOST}/workers\n",
            V2._replace(root=HOST),
            {"cpu.max": "max 100000\n", "workers/cpu.max": "300000 100000\n"},
        ),
        # Of groups outside of what is mounted there is nothing but what is mounted.
        (
            "4:cpu:/../..\n",
            v1("cpu"),
            quota_of_version_1("cpu", 300_000) | quota_of_version_1("", 100_000),
        ),
        (
            "4:cpu:/../../other\n",
            v1("cpu"),
            quota_of_version_1("cpu", 300_000) | quota_of_version_1("../other", 100_000),
        ),
        ("4:cpu:/\n", v1("cpu", root="/../.."), quota_of_version_1("cpu", 300_000)),
        ("4:cpu:/other\n", v1("cpu", root="/docker/5c0e"), quota_of_version_1("cpu", 300_000)),
    ],
    ids=["own", "the host's", "above", "beside", "mounted above", "elsewhere"],
)
def test_namespaces(tmp_path: Path, group: str, mount: Mount, files: Files) -> None:
    assert usable_cores(machine(tmp_path, group, [mount], files)) == 3


def test_a_mount_of_another_group_does_not_count(tmp_path: Path) -> None:
    """As that of a container on the machine on which it runs."""
    mounts = [V2, Mount("cgroup2", root="/docker/5c0e", folder="containers/5c0e")]
    files: Files = {
        "a.service/cpu.max": "300000 100000\n",
        "../../../containers/5c0e/cpu.max": "100000 100000\n",
    }
    assert usable_cores(machine(tmp_path, "0::/a.service\n", mounts, files)) == 3


@pytest.mark.parametrize("between", ["", "shared:4 ", "shared:4 master:1 propagate_from:2 "])
def test_every_form_of_mountinfo_is_read(tmp_path: Path, between: str) -> None:
    root = tmp_path / "a folder with \\ and spaces"
    files: Files = {"a/cpu.max": "300000 100000\n"}
    assert usable_cores(machine(root, "0::/a\n", [V2], files, between)) == 3


BROKEN: list[str | bytes] = [
    "",
    "\n",
    "1",
    "100000 0\n",
    "0 100000\n",
    "-1 100000\n",
    "100000 -1\n",
    "100000 100000 100000\n",
    "1e5 100000\n",
    "max\n",
    "9" * 5_000 + " 100000\n",
    "9" * 1_000 + " 3\n",
    b"\xff\xfe\x00\n",
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
def test_a_quota_that_cannot_be_read_is_none(tmp_path: Path, broken: str | bytes) -> None:
    files: Files = {"cpu.max": broken, "a.service/cpu.max": "300000 100000\n"}
    assert usable_cores(machine(tmp_path, "0::/a.service\n", [V2], files)) == 3


@pytest.mark.parametrize("missing", ["cpu.cfs_quota_us", "cpu.cfs_period_us"])
def test_files_may_be_missing(tmp_path: Path, missing: str) -> None:
    files = quota_of_version_1("cpu/a", 100_000) | quota_of_version_1("cpu", 300_000)
    del files[f"cpu/a/{missing}"]
    assert usable_cores(machine(tmp_path, "4:cpu:/a\n", [v1("cpu")], files)) == 3


@pytest.mark.parametrize(
    "group",
    [
        "",
        "\n",
        "0\n0:\n",
        "nonsense",
        "0::\n",
        "0::no/slash\n",
        "0::/a\0b\n",
        "0::/" + "a" * 5_000 + "\n",
        "0::/" + "/".join(["a"] * 2_000) + "\n",
        "0::/a:b/c\n0::/c\n",
        ":::\n::::\n",
    ],
)
def test_groups_that_cannot_be_read_are_passed_over(tmp_path: Path, group: str) -> None:
    files: Files = {"cpu.max": "max\n", "b/cpu.max": "300000 100000\n"}
    process = machine(tmp_path, f"{group}\n0::/b\n", [V2], files)
    assert usable_cores(process) == 3


@pytest.mark.parametrize(
    "line",
    [
        "",
        "nonsense",
        " - ",
        "1 2 3 4 - cgroup2 cgroup2 rw",
        "1 2 0:3 / /nowhere rw",
        "1 2 0:3 / /nowhere rw - cgroup2",
        "1 2 0:3 / /nowhere rw - cgroup2 cgroup2 rw",
        "1 2 0:3 relative relative rw - cgroup2 cgroup2 rw",
        "1 2 0:3 / /no\\000where rw - cgroup2 cgroup2 rw",
        "1 2 0:3 / /no\\9where rw - cgroup cgroup cpu",
    ],
)
def test_mounts_that_cannot_be_read_are_passed_over(tmp_path: Path, line: str) -> None:
    process = machine(tmp_path, "0::/b\n", [V2], {"b/cpu.max": "300000 100000\n"})
    mountinfo = process / "mountinfo"
    mountinfo.write_text(f"{line}\n{mountinfo.read_text()}{line}")
    assert usable_cores(process) == 3


@pytest.mark.parametrize("missing", ["cgroup", "mountinfo"])
def test_without_proc_there_is_no_quota(tmp_path: Path, missing: str) -> None:
    process = machine(tmp_path, "0::/\n", [V2], {"cpu.max": "300000 100000\n"})
    assert usable_cores(process) == 3
    (process / missing).unlink()
    assert usable_cores(process) == MACHINE


def test_without_affinity_all_cores_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert usable_cores(tmp_path / "no such folder") == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores(tmp_path / "no such folder") == 1
