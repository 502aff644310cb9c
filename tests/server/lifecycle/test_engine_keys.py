"""Which changes of settings need new engines."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from liusheng.models.errors import ModelError
from liusheng.models.store import Store
from liusheng.server.config.settings import Settings
from liusheng.server.lifecycle.engine_keys import EngineKeys, engine_keys


def keys(home: Path, **changes: Any) -> EngineKeys:
    made: dict[str, Any] = {
        "home": home,
        "asr": {"models": ["tiny"]},
        "tts": {"models": []},
        **changes,
    }
    return engine_keys(Settings(**made))


def test_the_same_settings_keep_every_engine(tmp_path: Path) -> None:
    assert keys(tmp_path) == keys(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"limits": {"idle_seconds": 5, "max_queued_seconds": 3}},
        {"asr": {"models": ["tiny"], "script": "traditional"}},
        {"log_level": "debug"},
        {"workers": {"tts": 7}},
    ],
    ids=["limits", "script", "log", "synthesis workers"],
)
def test_what_recognition_need_not_be_exchanged_for(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    assert keys(tmp_path, **changes)["recognition"] == keys(tmp_path)["recognition"]


@pytest.mark.parametrize(
    "changes",
    [
        {"asr": {"models": []}, "tts": {"models": [str(Path(__file__).parent)]}},
        {"asr": {"models": ["tiny"], "live": {"hold": 3}}},
        {"workers": {"asr": 7}},
        {"workers": {"threads": 2}},
    ],
    ids=["models", "options", "workers", "threads"],
)
def test_what_it_is_exchanged_for(
    tmp_path: Path, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = Store(tmp_path).open_named("tiny")
    monkeypatch.setattr(Store, "open_named", lambda *_: tiny)
    assert keys(tmp_path, **changes)["recognition"] != keys(tmp_path)["recognition"]


def test_a_file_that_was_exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = Store(tmp_path).open_named("tiny")
    file = tmp_path / "model"
    file.write_bytes(b"one")
    tiny.files["model"] = file
    monkeypatch.setattr(Store, "open_named", lambda *_: tiny)
    before = keys(tmp_path)
    file.write_bytes(b"two")
    os.utime(file, (1, 1))
    assert keys(tmp_path)["recognition"] != before["recognition"]


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        keys(tmp_path, asr={"models": ["whisper-base"]})


def test_without_recognition_its_key_has_no_models(tmp_path: Path) -> None:
    voice = {"models": ["hibari-heart"]}  # which is in its package
    changed, before = keys(tmp_path, asr={"models": []}, tts=voice), keys(tmp_path, tts=voice)
    assert changed["recognition"] != before["recognition"]
    assert changed["synthesis"] == before["synthesis"]
