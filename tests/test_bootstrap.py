"""tools/bootstrap.py, on a project of a few lines, with no network: the lock's only package is a
wheel that the test makes."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).parent.parent / "tools"

BUILD_BACKEND = '''
"""A build backend without dependencies: an editable wheel is a path file."""
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "toy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        info = "toy-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: toy\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n")
        wheel.writestr(f"{info}/RECORD", "")
        wheel.writestr("toy.pth", "SOURCE\\n")
    return name
'''


class Project:
    """A clone, as small as the bootstrap lets it be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheels = folder.parent / "wheels"
        self.wheels.mkdir()
        (folder / "src" / "liusheng").mkdir(parents=True)
        (folder / "src" / "liusheng" / "_version.py").write_text("")
        (folder / "requirements").mkdir()
        shutil.copytree(TOOLS / "bootstrap", folder / "tools" / "bootstrap")
        shutil.copy(TOOLS / "bootstrap.py", folder / "tools")
        backend = BUILD_BACKEND.replace("SOURCE", str(folder / "src"))
        (folder / "backend.py").write_text(backend)
        (folder / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        )
        self.lock("server", "leaf")
        self.lock("dev", "leaf", "twig")

    def lock(self, level: str, *packages: str) -> None:
        lines = (f"{name}==1.0 --hash=sha256:{self.make_wheel(name)}\n" for name in packages)
        (self.folder / "requirements" / f"{level}.txt").write_text("".join(lines))

    def make_wheel(self, name: str) -> str:
        path = self.wheels / f"{name}-1.0-py3-none-any.whl"
        if not path.exists():
            with zipfile.ZipFile(path, "w") as wheel:
                info = f"{name}-1.0.dist-info"
                wheel.writestr(f"{name}.py", "")
                wheel.writestr(
                    f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
                )
                wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
                wheel.writestr(f"{info}/RECORD", "")
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def bootstrap(self, level: str, **environment: str) -> subprocess.CompletedProcess[str]:
        base = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
        base.pop("PYTHON", None)
        base |= {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            # A setting that people have, and that must not send packages elsewhere.
            "PIP_USER": "1",
        }
        return subprocess.run(
            [sys.executable, self.folder / "tools" / "bootstrap.py", level],
            env=base | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def steps(self, level: str, **environment: str) -> list[str]:
        """What a successful run says it does, without the values."""
        result = self.bootstrap(level, **environment)
        assert result.returncode == 0, result.stdout + result.stderr
        return [" ".join(line.split()[1:3]) for line in result.stdout.splitlines()]

    def imports(self, *modules: str) -> bool:
        python = self.folder / ".venv" / "bin" / "python"
        code = "import " + ", ".join(modules)
        return subprocess.call([python, "-c", code], stderr=subprocess.DEVNULL) == 0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "clone with a space")


@pytest.mark.slow
def test_each_run_does_what_is_missing_and_no_more(project: Project) -> None:
    assert project.steps("server") == ["making .venv", "installing the", "installing Liusheng"]
    assert project.imports("pip", "leaf", "liusheng")
    assert not project.imports("twig")
    assert project.steps("server") == []

    assert project.steps("dev") == ["installing the", "installing Liusheng"]
    assert project.imports("twig")
    assert project.steps("dev") == []
    assert project.steps("server") == []

    with (project.folder / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert project.steps("dev") == ["installing Liusheng"]

    project.lock("server", "leaf", "branch")
    project.lock("dev", "leaf", "branch")
    assert project.steps("dev") == ["making .venv", "installing the", "installing Liusheng"]
    assert project.imports("branch")
    assert not project.imports("twig"), "a package of an older lock stayed"

    (project.folder / ".venv" / "bin" / "python").unlink()
    assert project.steps("server")[0] == "making .venv"


@pytest.mark.slow
def test_a_package_with_another_hash_is_not_installed(project: Project) -> None:
    with zipfile.ZipFile(project.wheels / "leaf-1.0-py3-none-any.whl", "a") as wheel:
        wheel.writestr("more.py", "")
    result = project.bootstrap("server")
    assert result.returncode != 0
    assert "leaf" in result.stderr
    assert "HASHES" in result.stderr
    assert not project.imports("leaf")
    assert not (project.folder / ".venv" / "liusheng-setup.json").exists(), "a rerun would skip it"


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, run by an interpreter that is too old."""
    spec = importlib.util.spec_from_file_location("bootstrap", TOOLS / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    monkeypatch.delenv("PYTHON", raising=False)
    return module


def executable(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_an_old_python_hands_over_to_the_newest_that_works(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    executable(tmp_path / "python3.13", "exit 127")  # a version manager's shim for nothing
    executable(tmp_path / "python3.12", f'[ "$1" = -c ] || echo "$@" > "{tmp_path}/ran"')
    executable(tmp_path / "python3.11", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bootstrap.main(["dev"]) == 0
    assert (tmp_path / "ran").read_text().split() == [str(TOOLS / "bootstrap.py"), "dev"]


@pytest.mark.parametrize("named", [None, "python3.9"])
def test_an_old_python_alone_says_what_is_needed(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str | None
) -> None:
    if named is not None:  # then no other is looked for: the user chose
        executable(tmp_path / "python3.12", "exit 0")
        monkeypatch.setenv("PYTHON", named)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit) as stop:
        bootstrap.main(["dev"])
    assert "Python 3.9" in str(stop.value)
    assert "3.10 to 3.14" in str(stop.value)
    assert "make PYTHON=" in str(stop.value)
