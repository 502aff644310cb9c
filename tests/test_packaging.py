"""The locks, the built packages, and the files that run checks elsewhere."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import pytest
import yaml
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
        pins = [(pin, Marker(pin.marker)) for pin in read_lock(lock)]
        requirements = declared(lock)
        for target in itertools.product(PYTHONS, MACHINES):
            python, (system, machine) = target
            if (python, system, machine) == NOT_SUPPORTED:
                continue
            where = environment(python, system, machine)
            chosen = [pin for pin, marker in pins if marker.evaluate(where)]
            versions = {pin.name: pin.version for pin in chosen}
            assert len(versions) == len(chosen), f"two versions of one package for {target}"
            for requirement in requirements:
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


@pytest.mark.parametrize(
    "source", sorted(ROOT.glob("training/*/requirements.in")), ids=lambda p: p.parent.name
)
def test_training_is_locked(source: Path) -> None:
    text = source.with_suffix(".txt").read_text(encoding="utf-8")
    entries = re.findall(r"^([\w.-]+)==(\S+) \\\n    --hash=sha256:[0-9a-f]{64}", text, re.M)
    assert len(entries) == len(re.findall(r"^[\w.-]+==", text, re.M))
    versions = dict(entries)
    asked = [line for line in source.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    where = environment("3.11", "linux", "x86_64")
    for requirement in [*map(Requirement, asked), *declared("server.txt")]:
        if requirement.marker is None or requirement.marker.evaluate(where):
            version = versions[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), f"{requirement}: make lock"


@pytest.mark.parametrize("path", sorted(ROOT.glob(".github/workflows/*.yml")), ids=lambda p: p.name)
def test_workflows_pin_their_actions_and_use_what_is_there(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert steps
    for step in steps:
        if "uses" in step:
            assert re.fullmatch(r"[\w./-]+@v\d+\.\d+\.\d+", step["uses"])
        command = step.get("run", "")
        if command.startswith("make "):
            assert command.split()[1] in targets
        elif command.startswith("."):
            assert os.access(ROOT / command, os.X_OK)


def test_continuous_integration_runs_the_oldest_and_the_newest_python() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    matrix = yaml.safe_load(text)["jobs"]["test"]["strategy"]["matrix"]
    assert matrix == {"python": [PYTHONS[0], PYTHONS[-1]]}


def test_the_commit_hooks_are_what_make_check_runs() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (repository,) = yaml.safe_load(text)["repos"]
    recipe = re.search(r"^check:\n((?:\t.*\n)*)", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert recipe is not None
    # After the set-up; of the type check, which old Pythons are spared, what is run.
    found = re.findall(r"(?:^\t|; )(\$\(BIN\)/(?!python)[^;\n]*)", recipe[1], re.M)
    commands = [command.replace("$(BIN)", ".venv/bin") for command in found]
    assert [hook["entry"] for hook in repository["hooks"]] == commands
    assert all(hook["language"] == "system" for hook in repository["hooks"])


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel, built from it, as `make dist` builds them."""
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT])
    return folder


@pytest.fixture
def wheel(distributions: Path) -> Path:
    (built,) = distributions.glob("*.whl")
    return built


@pytest.mark.slow
def test_the_distributions_are_ready_for_an_index(distributions: Path) -> None:
    files = sorted(distributions.iterdir())
    name = f"liusheng-{liusheng.__version__}"
    assert [file.name for file in files] == [f"{name}-py3-none-any.whl", f"{name}.tar.gz"]
    checked = run([sys.executable, "-m", "twine", "check", "--strict", *files])
    assert checked.count("PASSED") == 2


@pytest.mark.slow
def test_the_source_distribution_holds_what_git_holds(distributions: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    tracked = run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "-X", IGNORED])
    expected = {
        path
        for path in tracked.split("\0")
        if path and not path.startswith((".github/", ".ci/", ".pre-commit"))
    }
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert names - {"PKG-INFO"} == expected


@pytest.mark.slow
class TestWheel:
    def test_it_holds_the_package_and_nothing_else(self, wheel: Path) -> None:
        source = ROOT / "src"
        expected = {
            path.relative_to(source).as_posix()
            for path in (source / "liusheng").rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        documents = (path for path in (ROOT / "docs").rglob("*") if path.is_file())
        expected |= {
            f"liusheng/web/documents/{path.relative_to(ROOT / 'docs').as_posix()}"
            for path in documents
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
        """Only the project is installed; the server's packages are those of this environment."""
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


IGNORED = ROOT / ".gitignore"
LIST_DISTRIBUTIONS = """
import importlib.metadata
for each in importlib.metadata.distributions():
    print(each.name.lower().replace("_", "-"))
"""


def requirements_of(wheel: Path, extra: str) -> Iterator[str]:
    """Yield the packages that the wheel requires for an extra, or without one ("")."""
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
