from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from liusheng.cli import main, missing_models
from liusheng.models.shared import SHARED_VARIABLE
from liusheng.models.store import Store
from liusheng.server.config.settings import Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Stand in for the server and the download; give the settings that the server would get."""
    got: list[Settings] = []

    def run(settings: Settings, reread: Callable[[], Settings]) -> int:
        assert reread() == settings, "nothing has changed since"
        got.append(settings)
        return 0

    monkeypatch.setattr("liusheng.server.main.run", run)
    monkeypatch.setattr(missing_models, "pull_missing", lambda home, names, **_: 0)
    return got


def test_flags(served: list[Settings]) -> None:
    arguments = ["--host", "::1", "--port", "8090", "--port", "8092", "--asr", "a", "--asr", "b"]
    arguments += ["--tts", "./voice", "--workers", "3", "--path-prefix", "/speech"]
    arguments += ["--log-level", "debug", "--log-format", "json", "--set", "limits.idle_seconds=5"]
    assert main(["serve", *arguments]) == 0
    (settings,) = served
    assert settings.host == "::1"
    assert settings.ports == [8090, 8092]
    assert settings.asr.models == ["a", "b"]
    assert settings.tts.models == ["./voice"]
    assert (settings.workers.asr, settings.workers.tts) == (3, 3)
    assert settings.path_prefix == "/speech"
    assert (settings.log_level, settings.log_format) == ("debug", "json")
    assert settings.limits.idle_seconds == 5


def test_one_task_alone(served: list[Settings]) -> None:
    assert main(["serve", "--no-tts"]) == 0
    assert served[0].tts.models == []
    assert served[0].asr.models == Settings().asr.models


def test_file_environment_flags(
    served: list[Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "mine.toml").write_text('host = "file"\nports = [1]\nlog_level = "error"\n')
    monkeypatch.setenv("LIUSHENG_HOST", "127.0.0.2")
    monkeypatch.setenv("LIUSHENG_PORTS", "2")
    arguments = ["serve", "--config", "mine.toml", "--port", "3"]
    assert main(arguments) == 0
    assert (served[0].host, served[0].ports, served[0].log_level) == ("127.0.0.2", [3], "error")
    assert main([*arguments, "--print-config"]) == 0
    assert len(served) == 1  # printing does not serve
    out = capsys.readouterr().out
    assert tomllib.loads(out)["ports"] == [3]
    outside_groups = out.partition("\n[")[0].splitlines()
    origins = {line.split(" = ")[0]: line.split("# ")[1] for line in outside_groups if "#" in line}
    assert origins["host"] == "env LIUSHENG_HOST"
    assert origins["ports"] == "flag --port"
    assert origins["log_level"] == "file mine.toml"
    assert origins["path_prefix"] == "default"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config", "no.toml"], "error: There is no settings file no.toml."),
        (["--port", "99999"], "error: ports = 99999 (flag --port): must be at most 65535."),
        (["--set", "limits"], "error: --set limits: write it as KEY=VALUE"),
        (["--set", "limit.idle_seconds=1"], "did you mean limits.idle_seconds?"),
        (["--workers", "0"], "error: workers.asr = 0 (flag --workers): must be at least 1."),
        (["--no-asr", "--no-tts"], "there is nothing to serve"),
    ],
)
def test_settings_that_are_not_valid(
    arguments: list[str], message: str, served: list[Settings], capsys: Capture
) -> None:
    assert main(["serve", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert served == []


class TestMissingModels:
    """Missing models are listed and, after asking on a terminal, downloaded."""

    @pytest.fixture(autouse=True)
    def pulled(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[list[str], list[str]]] = []
        self.status = 0

        def pull(store: Store, names: list[str], optional: list[str]) -> int:
            self.calls.append((names, optional))
            return self.status

        monkeypatch.setattr(missing_models, "pull_models", pull)

    def answer(self, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
        """Have this typed on a terminal; None: there is no terminal."""
        stdin: Any = io.StringIO(text or "")
        stdin.isatty = lambda: text is not None
        monkeypatch.setattr(sys, "stdin", stdin)

    @pytest.mark.parametrize("typed", ["\n", "y\n", "YES\n", None])
    def test_agreed_or_not_required(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, typed: str | None
    ) -> None:
        self.answer(monkeypatch, typed)
        names = ["whisper-base", "baker-zh"]
        assert missing_models.pull_missing(tmp_path, names, ask=True) == 0
        assert self.calls == [(["whisper-base", "baker-zh"], [])]
        err = capsys.readouterr().err
        assert re.search(r"whisper-base: Whisper base \(1\d\d MB, MIT\)", err)
        assert "non-commercial" in err  # the voice's corpus: said where it is chosen
        assert ("[Y/n]" in err) == (typed is not None)

    @pytest.mark.parametrize("typed", ["n\n", "what?\n"])
    def test_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, typed: str
    ) -> None:
        self.answer(monkeypatch, typed)
        assert missing_models.pull_missing(tmp_path, ["whisper-base"], ask=True) == 1
        assert self.calls == []
        assert "choose others with --asr and --tts" in capsys.readouterr().err

    def test_what_a_shared_folder_has_is_copied_without_asking(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
    ) -> None:
        self.answer(monkeypatch, "n\n")
        monkeypatch.setattr(Store, "is_shared", lambda self, name: name == "whisper-base")
        assert missing_models.pull_missing(tmp_path, ["whisper-base"], ask=True) == 0
        assert self.calls == [(["whisper-base"], [])]
        assert missing_models.pull_missing(tmp_path, ["whisper-base", "baker-zh"], ask=True) == 1
        assert capsys.readouterr().err.count("[Y/n]") == 1

    def test_a_shared_folder_that_cannot_be_read_is_no_reason_not_to_ask(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
    ) -> None:
        self.answer(monkeypatch, "n\n")
        monkeypatch.setenv(SHARED_VARIABLE, str(tmp_path / "nowhere"))
        assert missing_models.pull_missing(tmp_path, ["whisper-base"], ask=True) == 1
        assert "[Y/n]" in capsys.readouterr().err

    def test_not_to_ask(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer(monkeypatch, "n\n")
        assert missing_models.pull_missing(tmp_path, ["whisper-base"], ask=False) == 0
        assert self.calls == [(["whisper-base"], [])]

    def test_optional_models_come_along(self, tmp_path: Path) -> None:
        optional = ["libime-zh"]
        assert (
            missing_models.pull_missing(tmp_path, ["whisper-base"], ask=False, optional=optional)
            == 0
        )
        assert self.calls == [(["whisper-base", "libime-zh"], ["libime-zh"])]

    def test_optional_models_are_not_downloaded_alone(self, tmp_path: Path) -> None:
        optional = ["libime-zh"]
        assert (
            missing_models.pull_missing(tmp_path, ["hibari-heart"], ask=False, optional=optional)
            == 0
        )
        assert self.calls == []

    def test_a_failure_is_passed_on(self, tmp_path: Path) -> None:
        self.status = 1
        assert missing_models.pull_missing(tmp_path, ["whisper-base"], ask=False) == 1

    def test_nothing_is_missing(self, tmp_path: Path, capsys: Capture) -> None:
        """Folders are the user's, and what is inside a package is there."""
        assert (
            missing_models.pull_missing(
                tmp_path, ["./mine", str(tmp_path), "hibari-heart"], ask=True
            )
            == 0
        )
        assert self.calls == []
        assert capsys.readouterr().err == ""

    def test_an_unknown_name(self, tmp_path: Path, capsys: Capture) -> None:
        assert missing_models.pull_missing(tmp_path, ["whisper-bass"], ask=False) == 2
        assert "did you mean whisper-base" in capsys.readouterr().err


def test_a_configuration_of_the_original(
    served: list[Settings], tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "application.yaml"
    file.write_text(
        "host: 0.0.0.0\nport: 8092\nprotocol: http\nengine_list: ['tts_online-onnx']\n"
        "tts_online-onnx:\n  voc_block: 36\n"
    )
    assert main(["serve", "--config_file", str(file)]) == 0
    assert (served[0].host, served[0].ports, served[0].asr.models) == ("127.0.0.1", [8092], [])
    err = capsys.readouterr().err
    assert "host = '0.0.0.0' is not used" in err
    assert "tts_online-onnx.voc_block = 36 is not used" in err
    assert (
        main(["serve", "--config-file", str(file), "--no-auth", "--host", "0.0.0.0", "--port", "1"])
        == 0
    )
    assert (served[1].host, served[1].ports) == ("0.0.0.0", [1])
    assert main(["serve", "--config_file", "none.yaml"]) == 2


def test_another_address_needs_keys_or_no_auth(
    served: list[Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("LIUSHENG_ACCESS__KEYS_FILE", str(tmp_path / "keys.json"))
    assert main(["serve", "--host", "0.0.0.0"]) == 2
    told = capsys.readouterr().err
    assert "open to everyone" in told
    for way in ("liusheng keys add", "reverse proxy", "--no-auth"):
        assert way in told
    assert served == []
    assert main(["serve", "--host", "0.0.0.0", "--no-auth"]) == 0
    assert served[0].access.no_auth
    assert main(["keys", "add", "alice"]) == 0
    assert main(["serve", "--host", "0.0.0.0"]) == 0
