"""Which models there are is decided, and tested, in `liusheng.asr.models`."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from liusheng.models.types import Kind
from liusheng.server.config.settings import Settings
from liusheng.server.models import punctuation_model, recognition_models


def folder(path: Path, *files: str) -> str:
    path.mkdir()
    for name in files:
        (path / name).write_bytes(b"x")
    return str(path)


def settings(tmp_path: Path, **asr: object) -> Settings:
    return Settings.model_validate({"home": tmp_path, "asr": asr})


def test_the_settings_models_are_opened_and_warnings_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = ("model.bin", "config.json", "tokenizer.json", "vocabulary.json")
    one, other = (folder(tmp_path / name, *files) for name in ("one", "other"))
    with caplog.at_level(logging.WARNING):
        (model,) = recognition_models(settings(tmp_path, models=[one]))
    assert model.name == one
    assert caplog.text.count("`liusheng models pull libime-zh` fetches it") == 1
    (model,) = recognition_models(settings(tmp_path, models=[one]), [other])
    assert model.name == other


def test_a_server_punctuates_when_it_has_a_model_and_recognises(tmp_path: Path) -> None:
    mine = folder(tmp_path / "mine", "model.onnx")
    (tmp_path / "mine" / "model.toml").write_text('kind = "ct-transformer"', encoding="utf-8")
    model = punctuation_model(settings(tmp_path, punctuation=mine))
    assert model is not None
    assert model.kind is Kind.CT_TRANSFORMER
    assert punctuation_model(settings(tmp_path, punctuation="")) is None
    assert punctuation_model(settings(tmp_path, punctuation=mine, models=[])) is None
