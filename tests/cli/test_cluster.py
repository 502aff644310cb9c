from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from liusheng.cli import main


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine.toml"
    file.write_text('asr.models = ["tiny"]\ntts.models = []\n[cluster]\nmax_replicas = 3\n')
    return file


def test_the_file_for_ray_serve(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--port", "9000", "--set", "cluster.cores=2"]
    assert main(["cluster", "config", str(settings), *options]) == 0
    written = yaml.safe_load(capsys.readouterr().out)
    assert written["http_options"] == {"host": "127.0.0.1", "port": 9000}
    (application,) = written["applications"]
    assert application["import_path"] == "liusheng.cluster.serving.ray_application:app"
    assert application["args"]["settings"] == {
        "ports": [9000],
        "asr": {"models": ["tiny"]},
        "tts": {"models": []},
        "cluster": {"max_replicas": 3, "cores": 2.0},
    }


@pytest.mark.parametrize("command", ["config", "serve"])
@pytest.mark.parametrize(
    ("option", "named"),
    [
        ("cluster.max_replicas=0", "cluster.max_replicas"),
        ("cluster.max_replicas", "KEY=VALUE"),
        ("cluster.replicas=3", "there is no setting cluster.replicas"),
    ],
)
def test_invalid_settings(
    settings: Path, capsys: pytest.CaptureFixture[str], command: str, option: str, named: str
) -> None:
    assert main(["cluster", command, str(settings), "--set", option]) == 2
    assert named in capsys.readouterr().err


def test_what_a_cluster_cannot_serve(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cluster", "config", str(settings), "--set", "wyoming.port=10300"]) == 2
    assert "wyoming.port = 10300" in capsys.readouterr().err


def test_a_minimum_above_the_maximum(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cluster", "config", str(settings), "--set", "cluster.min_replicas=4"]) == 2
    assert "max_replicas = 3 is less than min_replicas = 4" in capsys.readouterr().err


def test_without_ray(
    settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    for name in [name for name in sys.modules if name.startswith("liusheng.cluster.serving.ray")]:
        monkeypatch.delitem(sys.modules, name)
    assert main(["cluster", "serve", str(settings)]) == 1
    message = capsys.readouterr().err
    assert "needs the package ray" in message
    assert "pip install '.[server,cluster]'" in message


def test_nobody_is_to_reach_it_without_keys(
    settings: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIUSHENG_ACCESS__KEYS_FILE", str(settings.parent / "none.json"))
    assert main(["cluster", "serve", str(settings), "--host", "0.0.0.0"]) == 2
    assert "liusheng keys add" in capsys.readouterr().err
