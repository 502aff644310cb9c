from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from liusheng.cli import main

Capture = pytest.CaptureFixture[str]


def test_explain_needs_no_server(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUSHENG_TTS__MODELS", '["baker-zh"]')
    assert main(["tts", "--explain", "银行2"]) == 0
    captured = capsys.readouterr()
    (clause,) = json.loads(captured.out)["clauses"]
    assert clause["reading"] == "银行二"
    assert [syllable["pinyin"] for syllable in clause["syllables"]] == ["yin2", "hang2", "er4"]
    assert "without the voices of baker-zh" in captured.err, "nothing is pulled here"


def test_a_missing_package_is_named(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic", None)
    monkeypatch.delitem(sys.modules, "liusheng.server.config.settings", raising=False)
    monkeypatch.delitem(sys.modules, "liusheng.server.config.sources", raising=False)
    assert main(["tts", "--explain", "银行"]) == 1
    assert "pip install '.[server]'" in capsys.readouterr().err


def test_the_text_may_come_from_standard_input(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("好。\n吗？\n"))
    assert main(["tts", "--explain", "-"]) == 0
    clauses = json.loads(capsys.readouterr().out)["clauses"]
    assert [clause["reading"] for clause in clauses] == ["好", "吗"]


def test_the_lexicon_of_the_settings_is_used(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lexicon = tmp_path / "words.txt"
    lexicon.write_text("银行 yin2 xing2\n", encoding="utf-8")
    monkeypatch.setenv("LIUSHENG_TTS__LEXICON", str(lexicon))
    assert main(["tts", "--explain", "银行"]) == 0
    (clause,) = json.loads(capsys.readouterr().out)["clauses"]
    assert [syllable["pinyin"] for syllable in clause["syllables"]] == ["yin2", "xing2"]
    lexicon.write_text("银行 yin2\n", encoding="utf-8")
    assert main(["tts", "--explain", "银行"]) == 1
    assert "line 1" in capsys.readouterr().err


def test_a_voice_that_does_not_exist(capsys: Capture) -> None:
    assert main(["tts", "--explain", "银行", "--voice", "nobody"]) == 1
    assert "there is no voice nobody" in capsys.readouterr().err
