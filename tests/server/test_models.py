from __future__ import annotations

import logging
from pathlib import Path

import pytest

from liusheng.models.errors import NotInstalledError, UnknownModelError
from liusheng.models.types import Kind
from liusheng.server import models
from liusheng.server.config.settings import Settings


def settings(tmp_path: Path, *, asr: str, correction: str) -> Settings:
    return Settings.model_validate(
        {
            "home": tmp_path,
            "asr": {"models": [asr], "correction": {"model": correction}},
        }
    )


def folder(path: Path, *files: str) -> str:
    path.mkdir()
    for name in files:
        (path / name).write_bytes(b"x")
    return str(path)


@pytest.fixture
def whisper(tmp_path: Path) -> str:
    files = ("model.bin", "config.json", "tokenizer.json", "vocabulary.json")
    return folder(tmp_path / "whisper", *files)


@pytest.fixture
def lm(tmp_path: Path) -> str:
    return folder(tmp_path / "lm", "zh.lm", "lexicon.txt")


def test_the_correction_comes_with_whisper(tmp_path: Path, whisper: str, lm: str) -> None:
    found = models.recognition_models(settings(tmp_path, asr=whisper, correction=lm))
    assert [model.kind for model in found] == [Kind.WHISPER, Kind.KENLM]
    found = models.recognition_models(settings(tmp_path, asr=whisper, correction=""))
    assert [model.kind for model in found] == [Kind.WHISPER]


def test_the_second_pass_comes_with_an_online_model(tmp_path: Path, whisper: str, lm: str) -> None:
    online = folder(
        tmp_path / "online", "encoder.onnx", "decoder.onnx", "joiner.onnx", "tokens.txt"
    )
    asr = {"models": [online], "online": {"second_pass": whisper}, "correction": {"model": lm}}
    found = models.recognition_models(Settings.model_validate({"home": tmp_path, "asr": asr}))
    kinds = [Kind.ONLINE_TRANSDUCER, Kind.WHISPER, Kind.KENLM]
    assert [model.kind for model in found] == kinds, "and what corrects it"
    assert found[1].name == whisper
    alone = Settings.model_validate({"home": tmp_path, "asr": asr | {"models": [whisper]}})
    assert [model.kind for model in models.recognition_models(alone)] == kinds[1:]
    gone = asr | {"online": {"second_pass": "moonshine-tiny-en"}}
    with pytest.raises(NotInstalledError):
        models.recognition_models(Settings.model_validate({"home": tmp_path, "asr": gone}))


def test_a_correction_that_was_not_fetched_is_told_and_done_without(
    tmp_path: Path, whisper: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found = models.recognition_models(settings(tmp_path, asr=whisper, correction="libime-zh"))
    assert [model.kind for model in found] == [Kind.WHISPER]
    assert caplog.text.count("`liusheng models pull libime-zh` fetches it") == 1


def test_a_python_without_kenlm_is_told(
    tmp_path: Path,
    whisper: str,
    lm: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    with caplog.at_level(logging.WARNING):
        found = models.recognition_models(settings(tmp_path, asr=whisper, correction=lm))
    assert len(found) == 2
    assert "camel-kenlm" in caplog.text


def test_what_is_wrong_is_an_error(tmp_path: Path, whisper: str) -> None:
    with pytest.raises(UnknownModelError):
        models.recognition_models(settings(tmp_path, asr=whisper, correction="libime-hz"))
    with pytest.raises(ValueError, match=r"asr\.correction\.model: .* is no language model"):
        models.recognition_models(settings(tmp_path, asr=whisper, correction=whisper))
    with pytest.raises(NotInstalledError):
        models.recognition_models(settings(tmp_path, asr="whisper-base", correction=""))


def test_the_model_for_punctuation(tmp_path: Path, lm: str) -> None:
    mine = folder(tmp_path / "mine", "model.onnx")
    (tmp_path / "mine" / "model.toml").write_text('kind = "ct-transformer"', encoding="utf-8")

    def named(name: str, **more: object) -> Settings:
        return Settings.model_validate({"home": tmp_path, "asr": {"punctuation": name, **more}})

    model = models.punctuation_model(named(mine))
    assert model is not None
    assert model.kind is Kind.CT_TRANSFORMER
    assert models.punctuation_model(named("")) is None
    assert models.punctuation_model(named(mine, models=[])) is None, "nobody would ask it"
    with pytest.raises(NotInstalledError, match="models pull ct-punc-zh-en"):
        models.punctuation_model(named("ct-punc-zh-en"))
    with pytest.raises(ValueError, match="no model for punctuation"):
        models.punctuation_model(named(lm))
