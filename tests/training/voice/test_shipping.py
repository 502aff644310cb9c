from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

import liusheng.models
from liusheng.models.catalogue import Catalogue
from training.voice.shipping import NAMES, place, register

_CATALOGUE = Path(liusheng.models.__file__).parent / "catalogue.toml"
_FILES = ("text.onnx", "curves.onnx", "decoder.onnx", "vocab.json")


@pytest.mark.parametrize("voice", NAMES)
def test_the_catalogue_vouches_for_what_is_shipped(tmp_path: Path, voice: str) -> None:
    catalogue = Path(shutil.copy(_CATALOGUE, tmp_path))
    folder = tmp_path / "voice"
    folder.mkdir()
    for name in _FILES:
        (folder / name).write_text(f"new weights of {name}")
    register(folder, voice, catalogue)
    listed = {file.path: file for file in Catalogue.load(catalogue)[voice].files}
    for name in _FILES:
        content = (folder / name).read_bytes()
        file = listed[f"{voice}/{name}"]
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    lines = _CATALOGUE.read_text("utf-8").splitlines()
    others = [line for line in lines if f'"{voice}/' not in line]
    for line in others:
        assert line in catalogue.read_text("utf-8").splitlines()


def test_a_file_that_the_catalogue_does_not_list(tmp_path: Path) -> None:
    catalogue = Path(shutil.copy(_CATALOGUE, tmp_path))
    (tmp_path / "vocab.json").write_text("{}")
    (tmp_path / "more.onnx").write_text("")
    with pytest.raises(ValueError, match=r"has no line for liusheng-zh-en/more\.onnx"):
        register(tmp_path, "liusheng-zh-en", catalogue)


def test_the_package_has_each_voice_and_its_licence() -> None:
    for voice in NAMES:
        assert {path.name for path in place(voice).iterdir()} == {*_FILES, "LICENSE", "NOTICE"}
