"""The Dockerfile and the compose file: linted, consistent with the program; built if possible."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement

from liusheng.server.config.settings import Settings
from liusheng.server.config.sources import load

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "docker"


def _instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile and their arguments, comments and line ends removed."""
    text = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(word, rest) for word, rest in (line.split(None, 1) for line in joined if line.strip())]


def _final_stage() -> dict[str, str]:
    """The last instruction of each kind after the last FROM."""
    stage: dict[str, str] = {}
    for word, rest in _instructions():
        if word == "FROM":
            stage = {}
        stage[word] = rest
    return stage


def _environment() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", _final_stage()["ENV"]))


def _compose() -> dict[str, Any]:
    text = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def _service() -> dict[str, Any]:
    return dict(_compose()["services"]["liusheng"])


def test_hadolint_finds_nothing() -> None:
    program = Path(sys.executable).with_name("hadolint")
    dockerfiles = [FOLDER / "Dockerfile", FOLDER / "Dockerfile.cluster"]
    result = subprocess.run(
        [program, "--no-color", *dockerfiles], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, "")


def test_the_image_of_a_cluster_adds_what_its_extra_names_from_the_lock() -> None:
    text = (FOLDER / "Dockerfile.cluster").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (\S+)", text, re.MULTILINE)
    assert copied == ["requirements/dev.txt"]
    sent = (FOLDER / "Dockerfile.cluster.dockerignore").read_text(encoding="utf-8")
    assert sent.splitlines() == ["*", "!requirements/dev.txt"]
    assert "--require-hashes" in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for extra in ("cluster", "otel"):
        for each in project["optional-dependencies"][extra]:
            requirement = Requirement(each)
            extras = f"[{','.join(requirement.extras)}]" if requirement.extras else ""
            # The exporter needs the SDK.
            assert f"{requirement.name}{extras}" in text or requirement.name == "opentelemetry-sdk"
    assert _environment()["PATH"].startswith("/opt/liusheng/bin")
    assert f"USER {_final_stage()['USER']}\n" in text


def test_the_compose_file_is_of_the_specification() -> None:
    vendored = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(vendored.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    assert list(validator.iter_errors(_compose())) == []
    assert not validator.is_valid({"services": {"x": {"stop_grace": "60s"}}})


def test_what_is_copied_exists_and_is_sent_to_the_builder() -> None:
    sent = [
        line.removeprefix("!")
        for line in (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    ]
    copied = [
        name
        for word, rest in _instructions()
        if word == "COPY" and "--from" not in rest
        for name in rest.split()[:-1]
    ]
    assert "requirements/server.txt" in copied
    for name in copied:
        assert (ROOT / name).exists(), name
        assert any(fnmatch.fnmatch(name, pattern) for pattern in sent), name
    service = _service()
    assert (FOLDER / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]) == FOLDER / "Dockerfile"


def test_packages_are_checked_against_the_lock() -> None:
    installs = [rest for word, rest in _instructions() if word == "RUN" and "pip install" in rest]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert all("--no-deps" in rest for rest in installs)


def test_the_image_has_settings_that_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in {**_environment(), **_service()["environment"]}.items():
        if name.startswith("LIUSHENG_"):
            monkeypatch.setenv(name, value)
    settings = load().settings
    assert settings.host == "0.0.0.0"
    assert settings.access.no_auth
    assert settings.home == Path("/var/lib/liusheng")


def test_it_runs_without_rights_and_can_be_stopped() -> None:
    stage, service, settings = _final_stage(), _service(), Settings()
    user = stage["USER"].split(":")[0]
    assert user.isdigit()
    assert int(user) > 0
    assert stage["STOPSIGNAL"] == service["stop_signal"] == "SIGTERM"
    grace = float(service["stop_grace_period"].removesuffix("s"))
    assert grace > settings.drain.seconds + settings.drain.final_seconds
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    # Without keys, only this machine may reach it.
    assert all(str(port).startswith("127.0.0.1:") for port in service["ports"])


def test_it_is_asked_for_its_health_at_its_own_port() -> None:
    stage, (port,) = _final_stage(), Settings().ports
    assert f"http://127.0.0.1:{port}/healthz" in stage["HEALTHCHECK"]
    assert stage["EXPOSE"] == str(port)
    assert [str(each).rpartition(":")[2] for each in _service()["ports"]] == [str(port)]


def test_models_are_kept_in_a_volume() -> None:
    home = _environment()["LIUSHENG_HOME"]
    (volume,) = _service()["volumes"]
    name, _, target = volume.partition(":")
    assert target == home == _final_stage()["WORKDIR"]
    assert name in _compose()["volumes"]
    assert any("--home " + home in rest for word, rest in _instructions() if word == "RUN")


def _engine() -> str:
    """The container engine whose service answers; "" if there is none."""
    for name in ("docker", "podman"):
        if shutil.which(name) is None:
            continue
        asked = subprocess.run([name, "info"], capture_output=True, timeout=60, check=False)
        if not asked.returncode:
            return name
    return ""


@pytest.fixture
def container() -> Iterator[tuple[str, str]]:
    """The engine, and a container of a new image, with the built-in model."""
    engine = _engine()
    if not engine:
        pytest.skip("no container engine: neither docker nor podman has a service that answers")
    subprocess.run(
        [engine, "build", "-f", FOLDER / "Dockerfile", "-t", "liusheng-test", ROOT], check=True
    )
    started = subprocess.run(
        [
            *(engine, "run", "--detach", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),
            *("--publish", "127.0.0.1::8090", "--env", "LIUSHENG_ACCESS__NO_AUTH=true"),
            *("liusheng-test", "serve", "--asr", "tiny", "--no-tts"),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    name = started.stdout.strip()
    yield engine, name
    subprocess.run([engine, "rm", "--force", name], check=True)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_image_serves_and_stops(container: tuple[str, str]) -> None:
    engine, name = container
    shown = subprocess.run(
        [engine, "port", name, "8090"], check=True, capture_output=True, text=True
    )
    address = shown.stdout.split()[0]
    for _ in range(120):
        try:
            with urllib.request.urlopen(f"http://{address}/healthz", timeout=5) as response:
                assert response.status == 200
            break
        except OSError:
            time.sleep(1)
    else:
        logs = subprocess.run([engine, "logs", name], capture_output=True, text=True, check=False)
        pytest.fail(logs.stdout + logs.stderr)
    subprocess.run([engine, "stop", name], check=True, timeout=90)
    state = subprocess.run(
        [engine, "inspect", "--format", "{{.State.ExitCode}}", name],
        check=True,
        capture_output=True,
        text=True,
    )
    assert state.stdout.strip() == "0"
