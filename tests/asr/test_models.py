from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.asr.models import (
    correction_warning,
    open_punctuation_model,
    open_recognition_models,
)
from liusheng.asr.options import AsrOptions, CorrectionOptions, OnlineOptions
from liusheng.models.errors import NotInstalledError, UnknownModelError
from liusheng.models.store import Store
from liusheng.models.types import Kind


def folder(path: Path, *files: str) -> str:
    path.mkdir()
    for name in files:
        (path / name).write_bytes(b"x")
    return str(path)


def correcting(name: str, second_pass: str = "") -> AsrOptions:
    return AsrOptions(
        correction=CorrectionOptions(model=name), online=OnlineOptions(second_pass=second_pass)
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


@pytest.fixture
def whisper(tmp_path: Path) -> str:
    files = ("model.bin", "config.json", "tokenizer.json", "vocabulary.json")
    return folder(tmp_path / "whisper", *files)


@pytest.fixture
def online(tmp_path: Path) -> str:
    files = ("encoder.onnx", "decoder.onnx", "joiner.onnx", "tokens.txt")
    return folder(tmp_path / "online", *files)


@pytest.fixture
def lm(tmp_path: Path) -> str:
    return folder(tmp_path / "lm", "zh.lm", "lexicon.txt")


def kinds(store: Store, names: list[str], options: AsrOptions) -> list[Kind]:
    opened = open_recognition_models(store.open_named, names, options)
    assert not opened.warnings
    return [model.kind for model in opened.models]


def test_the_language_model_comes_with_whisper(store: Store, whisper: str, lm: str) -> None:
    assert kinds(store, [whisper], correcting(lm)) == [Kind.WHISPER, Kind.KENLM]
    assert kinds(store, [whisper], correcting("")) == [Kind.WHISPER]


def test_nothing_else_is_corrected(store: Store, online: str, lm: str) -> None:
    assert kinds(store, [online], correcting(lm)) == [Kind.ONLINE_TRANSDUCER]


def test_the_second_pass_comes_with_an_online_model(
    store: Store, whisper: str, online: str, lm: str
) -> None:
    options = correcting(lm, second_pass=whisper)
    opened = open_recognition_models(store.open_named, [online], options)
    assert [model.kind for model in opened.models] == [
        Kind.ONLINE_TRANSDUCER,
        Kind.WHISPER,
        Kind.KENLM,
    ], "and what corrects it"
    assert opened.models[1].name == whisper
    assert kinds(store, [whisper], options) == [Kind.WHISPER, Kind.KENLM], "not with an offline one"
    with pytest.raises(NotInstalledError):
        open_recognition_models(
            store.open_named, [online], correcting("", second_pass="moonshine-tiny-en")
        )


def test_a_language_model_that_was_not_pulled_is_a_warning(store: Store, whisper: str) -> None:
    opened = open_recognition_models(store.open_named, [whisper], correcting("libime-zh"))
    assert [model.kind for model in opened.models] == [Kind.WHISPER]
    (warning,) = opened.warnings
    assert "`liusheng models pull libime-zh` fetches it" in warning
    assert correction_warning(store.open_named, "libime-zh", opened.models) == warning


def test_no_warning_where_nothing_is_to_be_corrected(
    store: Store, whisper: str, online: str
) -> None:
    opened = [store.open_named(whisper)]
    assert not correction_warning(store.open_named, "", opened)
    assert not correction_warning(store.open_named, "libime-zh", [store.open_named(online)])
    with pytest.raises(UnknownModelError):
        correction_warning(store.open_named, "libime-hz", opened)


def test_models_that_do_not_fit_are_errors(store: Store, whisper: str) -> None:
    with pytest.raises(UnknownModelError):
        open_recognition_models(store.open_named, [whisper], correcting("libime-hz"))
    with pytest.raises(ValueError, match=r"asr\.correction\.model: .* is not a language model"):
        open_recognition_models(store.open_named, [whisper], correcting(whisper))
    with pytest.raises(NotInstalledError):
        open_recognition_models(store.open_named, ["whisper-base"], correcting(""))


def test_the_model_for_punctuation(store: Store, tmp_path: Path, lm: str) -> None:
    mine = folder(tmp_path / "mine", "model.onnx")
    (tmp_path / "mine" / "model.toml").write_text('kind = "ct-transformer"', encoding="utf-8")
    assert open_punctuation_model(store.open_named, mine).kind is Kind.CT_TRANSFORMER
    with pytest.raises(NotInstalledError, match="models pull ct-punc-zh-en"):
        open_punctuation_model(store.open_named, "ct-punc-zh-en")
    with pytest.raises(ValueError, match=r"asr\.punctuation: .* is not a model for punctuation"):
        open_punctuation_model(store.open_named, lm)
