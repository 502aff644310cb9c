from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from liusheng.cli import doctor, main
from liusheng.models.store import Store
from liusheng.models.types import InstalledModel, Kind, Task
from tests.support.tiny_punctuation import tiny_punctuation

Capture = pytest.CaptureFixture[str]

VOICE = {
    "load_seconds": 0.5,
    "first_seconds": 0.05,
    "real_time_factor": 0.1,
    "text": "你好",
    "lang": "zh",
}
RECOGNIZER = {"load_seconds": 2.0, "real_time_factor": 0.25, "text": "你好"}


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, bool, str]]:
    """Stand in for the models; give the checks: name, whether with audio, language."""
    calls: list[tuple[str, bool, str]] = []

    def open_model(name: str, home: Path) -> InstalledModel:
        tts = "voice" in name
        task, kind = (Task.TTS, Kind.HIBARI) if tts else (Task.ASR, Kind.WHISPER)
        options = {"sentence": ": 一二三"} if "digits" in name else {}
        return InstalledModel(name, task, kind, home, {}, ("zh", "en"), options)

    def check(
        name: str, home: Path, wav: Path | None, lang: str, timeout: float, sentence: str = ""
    ) -> object:
        calls.append((name + sentence, wav is not None, lang))
        if "bad" in name:
            return "crashed (SIGSEGV)"
        if "voice" in name:
            return VOICE
        if "silent" in name:
            return {**RECOGNIZER, "text": ""}
        return RECOGNIZER if wav else {**RECOGNIZER, "real_time_factor": None, "text": ""}

    monkeypatch.setattr(doctor, "open_model", open_model)
    monkeypatch.setattr(doctor, "_check_model", check)
    monkeypatch.setattr(Store, "list", lambda self: [])
    return calls


def test_the_correction_of_mandarin_is_checked(
    checked: list[tuple[str, bool, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    tmp_path: Path,
) -> None:
    configure(monkeypatch, "recognizer", "voice")
    monkeypatch.setenv("LIUSHENG_HOME", str(tmp_path))
    assert main(["doctor"]) == 0, "everything works without it"
    out = capsys.readouterr().out
    assert "! Mandarin is recognised less accurately" in out
    assert "`liusheng models pull libime-zh`" in out
    monkeypatch.setenv("LIUSHENG_ASR__CORRECTION__MODEL", "")
    assert main(["doctor"]) == 0
    assert "!" not in capsys.readouterr().out


def configure(monkeypatch: pytest.MonkeyPatch, asr: str, tts: str) -> None:
    monkeypatch.setenv("LIUSHENG_ASR__MODELS", asr)
    monkeypatch.setenv("LIUSHENG_TTS__MODELS", tts)


def test_all_models_work(
    checked: list[tuple[str, bool, str]], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    configure(monkeypatch, "recognizer", "voice")
    assert main(["doctor"]) == 0
    assert checked == [
        ("voice", True, ""),
        ("recognizer", True, "zh"),
    ]  # recognition gets the audio of synthesis
    out = capsys.readouterr().out
    assert "onnxruntime 1." in out
    assert "voice  loads in 0.5 s, first audio after 50 ms, real-time factor 0.100" in out
    assert "synthesised: 你好" in out
    assert "recognizer  loads in 2.0 s, real-time factor 0.250" in out
    assert "transcript: 你好" in out


def test_the_results_in_chinese(
    checked: list[tuple[str, bool, str]], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    configure(monkeypatch, "recognizer", "voice")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "voice  加载用时 0.5 秒，50 毫秒后得到第一段音频，实时率 0.100" in out
    assert "识别结果：你好" in out


def test_a_model_of_few_words_gets_a_sentence_of_them(
    checked: list[tuple[str, bool, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, "digits", "voice")
    assert main(["doctor"]) == 0
    assert checked == [("voice", True, ""), ("voice: 一二三", True, "zh"), ("digits", True, "zh")]


def test_without_a_voice_a_model_of_few_words_is_only_loaded(
    checked: list[tuple[str, bool, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, "digits", "bad-voice")
    assert main(["doctor"]) == 1
    assert checked[-1] == ("digits", False, "")


def test_an_empty_transcript(
    checked: list[tuple[str, bool, str]], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    configure(monkeypatch, "silent", "voice")
    assert main(["doctor"]) == 0
    assert "transcript: (empty)\n" in capsys.readouterr().out


def test_without_a_voice(
    checked: list[tuple[str, bool, str]], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    configure(monkeypatch, "recognizer", "")
    assert main(["doctor"]) == 0
    assert checked == [("recognizer", False, "")]
    assert "there is no voice in its language" in capsys.readouterr().out


def test_a_model_that_crashes(
    checked: list[tuple[str, bool, str]], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    configure(monkeypatch, "bad,recognizer", "voice")
    assert main(["doctor"]) == 1
    captured = capsys.readouterr()
    assert "crashed (SIGSEGV)" in captured.out
    assert captured.err == "error: the server cannot start: these models do not work: bad\n"


def test_models_that_are_not_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    monkeypatch.setenv("LIUSHENG_HOME", str(tmp_path))
    monkeypatch.setattr(Store, "list", lambda self: [])
    configure(monkeypatch, "whisper-base,nonsense", "./no-folder")
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "liusheng models pull whisper-base" in out
    assert "the catalogue has no model 'nonsense'" in out
    assert "does not exist" in out


def test_settings_that_are_not_valid(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUSHENG_PORTS", "x")
    assert main(["doctor"]) == 2
    assert "must be a whole number" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (f"echo chatter; echo '{json.dumps(RECOGNIZER)}'", RECOGNIZER),
        ("echo Traceback >&2; echo 'ValueError: no' >&2; exit 1", "ValueError: no"),
        ("exit 3", "exit status 3"),
        ("kill -SEGV $$", "crashed (SIGSEGV)"),
        ("exec sleep 9", "did not finish in 0.5 s"),
    ],
)
def test_how_a_check_can_end(
    body: str, found: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model is checked in a process of its own, because it may end that process."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(python))
    timeout = 0.5 if "sleep" in body else 30
    assert doctor._check_model("m", tmp_path, None, "", timeout) == found


def test_a_model_for_punctuation_is_checked(tmp_path: Path) -> None:
    tiny_punctuation(tmp_path)
    (tmp_path / "model.toml").write_text('kind = "ct-transformer"', encoding="utf-8")
    result = doctor._check_model(str(tmp_path), tmp_path, None, "", 120)
    assert not isinstance(result, str), result
    assert doctor._describe(result).endswith("punctuated: 今天，天，气很好。我们一起去公园散步吧。")


@pytest.mark.slow
def test_with_real_models(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """hibari-heart is inside a required package, so it is always there."""
    configure(monkeypatch, "", "hibari-heart")
    monkeypatch.setattr(Store, "list", lambda self: [])
    assert main(["doctor"]) == 0
    assert "synthesised: The weather is nice today" in capsys.readouterr().out
