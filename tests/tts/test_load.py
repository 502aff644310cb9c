"""Opening models that cannot be opened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from liusheng.models.types import InstalledModel, Kind, Task
from liusheng.tts.load import VoiceLoadError, load


def test_no_models_are_no_voices() -> None:
    with pytest.raises(VoiceLoadError, match="no voice"):
        load([])


def test_a_recogniser_does_not_speak(tmp_path: Path) -> None:
    model = InstalledModel("ears", Task.ASR, Kind.WHISPER, tmp_path, {}, ("zh",))
    with pytest.raises(VoiceLoadError, match=r"kind whisper are not for synthesis"):
        load([model])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    model = InstalledModel("old", Task.TTS, Kind.FASTSPEECH2_MBMELGAN, tmp_path, {}, ("zh",))
    with pytest.raises(VoiceLoadError, match="old has no file for 'phones': remove it and pull"):
        load([model])


def test_the_same_model_twice(vits_model: InstalledModel) -> None:
    vits_model.options["speakers"] = ["one"]
    with pytest.raises(VoiceLoadError, match="same name: one, one"):
        load([vits_model, replace(vits_model, name="again")])


def test_a_model_without_audio(vits_model: InstalledModel) -> None:
    vits_model.files["tokens"].write_text("龘 0\n", "utf-8")
    with pytest.raises(VoiceLoadError, match="the voice beeps-0 gave no audio"):
        load([vits_model])
