"""`liusheng models` as a person, and as a script, sees it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from liusheng.cli import models as command
from liusheng.cli.constants import FAILED, USAGE
from liusheng.models.catalogue import Catalogue
from liusheng.models.digests import FileRecord, Manifest

CATALOGUE = """
[{name}]
title = "A model"
task = "lm"
kind = "kenlm"
languages = ["zh", "en", "de", "fr", "es"]
licence = "CC0-1.0"
notice = "Only for tests."
homepage = "https://example.org"
checksums = "none"
default = {default}
files = [{{ role = "model", path = "m.lm"{sum} }}]
[[{name}.sources]]
[[{name}.sources.parts]]
kind = "https"
urls = ["http://127.0.0.1:9/{{member}}"]
members = {{ "m.lm" = "m.lm" }}
size = 2500000
"""
SUM = f', sha256 = "{"0" * 64}"'


@pytest.fixture(autouse=True)
def _catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    text = CATALOGUE.format(name="one", default="true", sum=SUM)
    text += CATALOGUE.format(name="two", default="false", sum="")
    catalogue = Catalogue.parse(text, "test")
    monkeypatch.setattr(Catalogue, "default", classmethod(lambda cls: catalogue))


def run(*words: str) -> int:
    code = command.app(words, result_action="return_value")
    assert isinstance(code, int)
    return code


def test_list_for_scripts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--home", str(tmp_path)) == 0
    lines = capsys.readouterr().out.splitlines()
    expected = ["one", "-", "lm", "kenlm", "zh,en,de,fr,es", "2500000", "CC0-1.0"]
    assert lines[0].split("\t") == expected
    assert len(lines) == 2


def test_list_for_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "150")
    assert run("list", "--home", str(tmp_path)) == 0
    out = capsys.readouterr().out
    assert "zh en de +2" in out
    assert "2 MB" in out
    assert re.search("CC0-1.0 .{0,5}!", out)
    assert "one: Only for tests." in out
    assert str(tmp_path) in out


def test_a_narrow_terminal_gets_whole_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "streaming-model-of-two-langs"
    catalogue = Catalogue.parse(CATALOGUE.format(name=name, default="false", sum=SUM), "test")
    monkeypatch.setattr(Catalogue, "default", classmethod(lambda cls: catalogue))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    assert run("list", "--home", str(tmp_path)) == 0
    rows = capsys.readouterr().out.splitlines()
    assert name in rows[1], "other commands take it"
    assert "CC0-1.0" in rows[1]


def test_pull_takes_the_defaults_and_fails_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("pull", "--home", str(tmp_path)) == FAILED
    captured = capsys.readouterr()
    assert "error: one: m.lm cannot be fetched" in captured.err
    assert "two" not in captured.err
    assert captured.out == ""


def test_the_failure_of_an_optional_default_is_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = CATALOGUE.format(name="one", default="true\noptional = true", sum=SUM)
    catalogue = Catalogue.parse(text, "test")
    monkeypatch.setattr(Catalogue, "default", classmethod(lambda cls: catalogue))
    assert run("pull", "--home", str(tmp_path)) == 0
    captured = capsys.readouterr().err
    assert "one: m.lm cannot be fetched" in captured
    assert "the server works without it" in captured
    assert "error" not in captured.splitlines()[-1]
    assert run("pull", "one", "--home", str(tmp_path)) == FAILED


def test_pull_goes_on_after_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("pull", "one", "two", "--home", str(tmp_path)) == FAILED
    captured = capsys.readouterr()
    assert "one: m.lm cannot be fetched" in captured.err
    assert "--accept-unverified" in captured.err


def test_unverified_files_are_tried_when_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("pull", "two", "--accept-unverified", "--home", str(tmp_path)) == FAILED
    assert "two: m.lm cannot be fetched" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["pull", "verify", "remove"])
def test_an_unknown_name_is_a_wrong_use(
    word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(word, "oen", "--home", str(tmp_path)) == USAGE
    assert "did you mean one?" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_home_folder_comes_from_the_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "liusheng.toml").write_text(f'home = "{tmp_path / "there"}"')
    (tmp_path / "there/partial/one").mkdir(parents=True)
    assert run("remove", "one") == 0
    assert capsys.readouterr().out == "one: removed\n"


@pytest.mark.parametrize("words", [("list",), ("pull",), ("verify",), ("remove", "one")])
def test_settings_that_are_not_valid(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "liusheng.toml").write_text('hoem = "/x"')
    assert run(*words) == USAGE
    assert "there is no setting hoem" in capsys.readouterr().err


def test_verify_and_remove_what_is_not_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("verify", "one", "--home", str(tmp_path)) == FAILED
    assert "`liusheng models pull one` fetches it" in capsys.readouterr().err
    assert run("verify", "--home", str(tmp_path)) == 0
    assert run("remove", "one", "--home", str(tmp_path)) == 0
    assert capsys.readouterr().out == "one: was not installed\n"


def test_verify_includes_damaged_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also if they cannot be opened because a file is missing."""
    folder = tmp_path / "models" / "one"
    folder.mkdir(parents=True)
    entry = FileRecord(3, "0" * 64)
    Manifest("one", 1, "test", verified=True, files={"m.lm": entry}).write(folder)
    assert run("verify", "--home", str(tmp_path)) == FAILED
    assert "the model one is damaged" in capsys.readouterr().err


def test_an_interrupted_download_can_be_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "partial/one").mkdir(parents=True)
    assert run("remove", "one", "--home", str(tmp_path)) == 0
    assert capsys.readouterr().out == "one: removed\n"
