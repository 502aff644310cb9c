"""What is looked at before sherpa-onnx may load a model, because it would end the process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from liusheng.asr.in_process import InProcessStream
from liusheng.asr.load import load
from liusheng.asr.sherpa.metadata import ModelFormatError, read_metadata
from liusheng.models.types import InstalledModel

pytestmark = pytest.mark.slow

Models = Callable[[str], InstalledModel]

KINDS = (
    pytest.param("zipformer2-transducer", marks=pytest.mark.slow),
    "lstm-transducer",
    "zipformer2-ctc",
    "nemo-ctc",
    "online-paraformer",
    "sense-voice",
    "offline-paraformer",
)


UNUSED = {"joiner_dim", "model_type"}
"""Keys that real models have, too, and that may be missing; of transducers see below."""


@pytest.fixture
def copy(tiny_model: Models, tmp_path: Path) -> Models:
    """Return a function from a name to a copy of its model that may be spoilt."""

    def make(name: str) -> InstalledModel:
        model = tiny_model(name)
        shutil.copytree(model.path, tmp_path, dirs_exist_ok=True)
        files = {role: tmp_path / path.name for role, path in model.files.items()}
        return replace(model, path=tmp_path, files=files)

    return make


def without(path: Path, key: str) -> None:
    """Take a metadata key out of an ONNX file."""
    model = onnx.load(path)
    kept = {entry.key: entry.value for entry in model.metadata_props if entry.key != key}
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, kept)
    onnx.save(model, path)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_loaded_by_its_engine(tiny_model: Models, name: str) -> None:
    recognizer = load([tiny_model(name)])
    assert recognizer.languages == ("zh", "en")
    assert recognizer.capabilities("zh").model == name
    assert recognizer.sticky == (name not in ("sense-voice", "offline-paraformer"))
    outcome = InProcessStream(recognizer).advance(np.zeros(16_000, np.float32), last=True)
    assert (outcome.closed, outcome.partial.text) == ((), "")


@pytest.mark.parametrize("name", ["nemo-ctc", "sense-voice"])
def test_a_folder_without_languages(tiny_model: Models, name: str) -> None:
    recognizer = load([replace(tiny_model(name), languages=())])
    assert recognizer.languages == ("zh", "en")  # its tokens are Chinese, some are Latin
    sound = np.random.default_rng(0).standard_normal(32_000, np.float32) / np.float32(10)
    outcome = InProcessStream(recognizer).advance(sound, last=True)
    assert all(utterance.lang in ("zh", "en") for utterance in outcome.closed)


@pytest.mark.parametrize("name", KINDS)
def test_every_key_that_is_missing_is_named(copy: Models, name: str) -> None:
    model = copy(name)
    # The tiny models have the keys that sherpa-onnx needs and few others.
    keys = [
        (role, key)
        for role, entries in read_metadata(model).items()
        for key in entries
        if key not in UNUSED
    ]
    assert keys
    for role, key in keys:
        original = model.files[role].read_bytes()
        without(model.files[role], key)
        with pytest.raises(ModelFormatError, match=f"lacks the metadata.*'{key}'"):
            load([model])
        model.files[role].write_bytes(original)


@pytest.mark.parametrize("name", KINDS)
def test_a_missing_file_is_named(copy: Models, name: str) -> None:
    model = copy(name)
    for role, path in model.files.items():
        gone = replace(model, files={**model.files, role: path.with_name("gone")})
        with pytest.raises(ModelFormatError, match=f"no {role} file.*gone"):
            load([gone])
        unnamed = replace(model, files={r: p for r, p in model.files.items() if r != role})
        with pytest.raises(ModelFormatError, match=f"no {role} file"):
            load([unnamed])


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\x08\x08"])
def test_files_that_are_no_models(copy: Models, content: bytes) -> None:
    model = copy("nemo-ctc")
    model.files["model"].write_bytes(content)
    with pytest.raises(ModelFormatError, match="ONNX model"):
        load([model])


def test_a_transducer_needs_its_type(copy: Models) -> None:
    model = copy("lstm-transducer")
    without(model.files["encoder"], "model_type")
    with pytest.raises(ModelFormatError, match="lacks the metadata 'model_type'"):
        load([model])


def test_an_unknown_transducer(copy: Models) -> None:
    model = copy("lstm-transducer")
    proto = onnx.load(model.files["encoder"])
    onnx.helper.set_model_props(proto, {"model_type": "emformer"})
    onnx.save(proto, model.files["encoder"])
    with pytest.raises(ModelFormatError, match=r"'emformer'.*lstm, conformer, zipformer"):
        load([model])


def test_a_chunk_that_is_no_number(copy: Models) -> None:
    model = copy("nemo-ctc")
    proto = onnx.load(model.files["model"])
    for entry in proto.metadata_props:
        if entry.key == "window_size":
            entry.value = "many"
    onnx.save(proto, model.files["model"])
    with pytest.raises(ModelFormatError, match="'many'"):
        load([model])


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ("a 0\nb 1\n", "no symbol <blank> or <blk> or <eps>"),
        ("<blk> 0\na 1\n", "has 2 tokens"),
        ("", "has no tokens"),
        ("<blk> 0\nnonsense\n", "line 2.*'nonsense'"),
    ],
)
def test_tokens_of_another_model(copy: Models, tokens: str, message: str) -> None:
    model = copy("nemo-ctc")
    model.files["tokens"].write_text(tokens)
    with pytest.raises(ModelFormatError, match=message):
        load([model])


def test_tokens_in_another_encoding(copy: Models) -> None:
    model = copy("nemo-ctc")
    model.files["tokens"].write_bytes("<blk> 0\n你 1\n".encode("gb18030"))
    with pytest.raises(ModelFormatError, match="UTF-8"):
        load([model])
