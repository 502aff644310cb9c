"""The locks, and the built packages: what a fresh clone and a fresh `pip install` get."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import liusheng

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
MACHINES = [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("darwin", "x86_64")]
NOT_SUPPORTED = ("3.14", "darwin", "x86_64")


@dataclass(frozen=True)
class Pin:
    name: str
    version: str
    marker: str


def read_lock(name: str) -> list[Pin]:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    found = re.findall(r"^([\w.-]+)==(\S+) ; (.*?) \\$", text, re.MULTILINE)
    return [Pin(*groups) for groups in found]


def declared(lock: str) -> list[Requirement]:
    project, groups = PYPROJECT["project"], PYPROJECT["dependency-groups"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["server"], *groups["install"]]
    if lock == "dev.txt":
        wanted += [*extras["mic"], *groups["dev"]]
    return [Requirement(each) for each in wanted]


def environment(python: str, system: str, machine: str) -> dict[str, str]:
    return {
        "python_version": python,
        "python_full_version": f"{python}.2",
        "sys_platform": system,
        "platform_machine": machine,
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


@pytest.mark.parametrize("lock", ["server.txt", "dev.txt"])
class TestLocks:
    def test_every_requirement_is_pinned_to_a_version_in_its_range(self, lock: str) -> None:
        pins = read_lock(lock)
        for target in itertools.product(PYTHONS, MACHINES):
            python, (system, machine) = target
            if (python, system, machine) == NOT_SUPPORTED:
                continue
            where = environment(python, system, machine)
            chosen = [pin for pin in pins if Marker(pin.marker).evaluate(where)]
            versions = {pin.name: pin.version for pin in chosen}
            assert len(versions) == len(chosen), f"two versions of one package for {target}"
            for requirement in declared(lock):
                if requirement.marker is None or requirement.marker.evaluate(where):
                    version = versions.get(canonicalize_name(requirement.name))
                    assert version is not None, f"{requirement} not locked for {target}: make lock"
                    assert requirement.specifier.contains(version), f"{requirement}: make lock"

    def test_every_pin_has_hashes(self, lock: str) -> None:
        text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
        entries = re.findall(r"^[\w.-]+==.*\n((?:    --hash=sha256:[0-9a-f]{64}.*\n)*)", text, re.M)
        assert len(entries) == len(read_lock(lock))
        assert all(entries)

    def test_no_index_is_named(self, lock: str) -> None:
        assert "://" not in (ROOT / "requirements" / lock).read_text(encoding="utf-8")


def test_the_server_lock_is_a_part_of_the_dev_lock() -> None:
    assert {(pin.name, pin.version) for pin in read_lock("server.txt")} <= {
        (pin.name, pin.version) for pin in read_lock("dev.txt")
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist, as a release is."""
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT])
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow
class TestWheel:
    def test_it_holds_the_package_and_nothing_else(self, wheel: Path) -> None:
        source = ROOT / "src"
        expected = {
            path.relative_to(source).as_posix()
            for path in (source / "liusheng").rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        info = f"liusheng-{liusheng.__version__}.dist-info"
        with zipfile.ZipFile(wheel) as archive:
            names = set(archive.namelist())
        assert {name for name in names if not name.startswith(info)} == expected
        assert {"liusheng/py.typed", "liusheng/models/catalogue.toml"} <= names
        assert {f"{info}/licenses/LICENSE", f"{info}/licenses/NOTICE"} <= names

    def test_alone_it_is_a_client(self, wheel: Path, tmp_path: Path) -> None:
        """Needs the package index."""
        python = make_venv(tmp_path / "venv")
        constraints = tmp_path / "constraints.txt"
        constraints.write_text(
            "".join(f"{pin.name}=={pin.version} ; {pin.marker}\n" for pin in read_lock("dev.txt"))
        )
        pip(python, "--only-binary=:all:", f"--constraint={constraints}", wheel)

        installed = run([python, "-c", LIST_DISTRIBUTIONS]).split()
        assert {"liusheng", "websockets"} <= set(installed)
        server_only = set(requirements_of(wheel, "server")) - set(requirements_of(wheel, ""))
        assert {"starlette", "ctranslate2"} <= server_only
        assert not server_only & set(installed)

        command = python.parent / "liusheng"
        assert run([command, "--version"]).strip() == liusheng.__version__
        for subcommand in ("asr", "tts"):
            assert f"liusheng {subcommand}" in run([command, subcommand, "--help"])
        run([python, "-c", "import liusheng.client"])

    def test_with_the_server_packages_it_is_a_server(self, wheel: Path, tmp_path: Path) -> None:
        """The server's packages are those of this environment: only the project is new."""
        python = make_venv(tmp_path / "venv")
        pip(python, "--no-index", "--no-deps", wheel)
        (site_packages,) = (tmp_path / "venv").glob("lib/python*/site-packages")
        paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        (site_packages / "server_packages.pth").write_text("".join(f"{p}\n" for p in paths))

        where = run([python, "-c", "import liusheng; print(liusheng.__file__)"])
        assert Path(where.strip()).is_relative_to(site_packages)
        command = python.parent / "liusheng"
        assert "8090" in run([command, "serve", "--print-config"])
        assert "whisper-base" in run([command, "models", "list"])


LIST_DISTRIBUTIONS = """
import importlib.metadata
for each in importlib.metadata.distributions():
    print(each.name.lower().replace("_", "-"))
"""


def requirements_of(wheel: Path, extra: str) -> Iterator[str]:
    """The packages that the wheel asks for, without an extra ("") or for one."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    for text in metadata.get_all("Requires-Dist", []):
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield canonicalize_name(requirement.name)


def make_venv(folder: Path) -> Path:
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin" / "python"


def pip(python: Path, *arguments: str | Path) -> None:
    run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *arguments])


def run(command: list[str | Path]) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=280
    )
    assert result.returncode == 0, f"{command}:\n{result.stdout}\n{result.stderr}"
    return result.stdout
