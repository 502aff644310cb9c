from __future__ import annotations

import json
import os
import re
import stat
import sys
from pathlib import Path

import pytest

from liusheng.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of keys that the settings name."""
    path = tmp_path / "folder" / "keys.json"
    monkeypatch.setenv("LIUSHENG_ACCESS__KEYS_FILE", str(path))
    return path


def test_a_key_is_shown_once_and_stored_hashed(file: Path, capsys: Capture) -> None:
    assert main(["keys", "add", "alice", "--task", "asr", "--max-sessions", "2"]) == 0
    secret = capsys.readouterr().out.strip()
    assert re.fullmatch(r"ls_[A-Za-z0-9_-]{43}", secret)
    assert secret not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert main(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert listed.split("\t")[:3] == ["alice", "asr", "sessions 2"]
    assert secret not in listed
    assert re.search(r"made \d{4}-\d\d-\d\d \d\d:\d\d [+-]\d{4}", listed)


def test_a_key_is_replaced_and_revoked(file: Path, capsys: Capture) -> None:
    assert main(["keys", "add", "a", "--expires", "30d", "--requests-per-minute", "9"]) == 0
    assert main(["keys", "add", "b"]) == 0
    before = json.loads(file.read_text())["keys"]
    assert main(["keys", "rotate", "a"]) == 0
    after = json.loads(file.read_text())["keys"]
    assert after[0]["sha256"] != before[0]["sha256"]
    kept = ("name", "expires", "requests_per_minute")
    assert [after[0][each] for each in kept] == [before[0][each] for each in kept]
    assert after[1] == before[1]
    assert main(["keys", "revoke", "a"]) == 0
    assert [key["name"] for key in json.loads(file.read_text())["keys"]] == ["b"]
    assert main(["keys", "revoke", "b"]) == 0
    capsys.readouterr()
    assert main(["keys", "list"]) == 0
    assert "no key" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="needs root")
def test_what_root_writes_belongs_to_the_user_of_the_service(file: Path) -> None:
    file.parent.mkdir()
    os.chown(file.parent, 4321, 4321)
    for name in ("a", "b"):
        assert main(["keys", "add", name]) == 0
        for written in file.parent.iterdir():
            found = written.stat()
            assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (4321, 4321, 0o600)
    os.chown(file, 4322, 4322)
    assert main(["keys", "revoke", "a"]) == 0
    assert file.stat().st_uid == 4322, "the file counts before the folder"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["add", "a b"], "name of a key"),
        (["add", "here"], "rotate here"),
        (["add", "new", "--expires", "soon"], "30d"),
        (["add", "new", "--expires", "2020-01-01"], "in the past"),
        (["add", "new", "--max-sessions", "0"], "at least 1"),
        (["revoke", "none"], "there are: here"),
        (["rotate", "none"], "there are: here"),
    ],
)
def test_what_cannot_be_done_is_said(
    file: Path, capsys: Capture, arguments: list[str], reason: str
) -> None:
    assert main(["keys", "add", "here"]) == 0
    before = file.read_bytes()
    capsys.readouterr()
    assert main(["keys", *arguments]) == 2
    assert reason in capsys.readouterr().err
    assert file.read_bytes() == before


def test_a_file_that_is_none(file: Path, capsys: Capture) -> None:
    file.parent.mkdir()
    file.write_text("{}x")
    for command in (["list"], ["add", "a"]):
        assert main(["keys", *command]) == 1
        assert f"{file} is not a file of keys" in capsys.readouterr().err
    assert file.read_text() == "{}x"
    assert main(["keys", "list", "--keys-file", str(file.parent / "other.json")]) == 0


def test_settings_that_are_wrong(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("LIUSHENG_NONE", "1")
    assert main(["keys", "list"]) == 1
    assert "LIUSHENG_NONE" in capsys.readouterr().err


def test_a_key_for_the_environment(capsys: Capture) -> None:
    assert main(["keys", "generate"]) == 0
    first = capsys.readouterr().out
    assert main(["keys", "generate"]) == 0
    assert capsys.readouterr().out != first
