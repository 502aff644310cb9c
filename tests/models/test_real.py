"""Models, fetched for real. Needs the package index, and 300 MB."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from liusheng.models.progress import Progress, Stage
from liusheng.models.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("home"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["whisper-base", "moonshine-tiny-en", "baker-zh"])
def test_pull_and_verify(store: Store, name: str) -> None:
    seen: list[Progress] = []
    model = store.pull(name, seen.append)
    assert all(path.is_file() for path in model.files.values())
    store.verify(name)
    downloads = [report for report in seen if report.stage is Stage.DOWNLOAD]
    assert any(0 < report.done <= report.total for report in downloads)
    again = Path(store.pull(name).path)
    assert not list((store.home / "partial").iterdir())
    shutil.rmtree(again)


@pytest.mark.skipif(importlib.util.find_spec("hibari") is None, reason="needs hibari-tts")
def test_the_english_voice_is_in_its_package(store: Store) -> None:
    store.pull("hibari-heart")
    store.verify("hibari-heart")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs apt")
def test_a_debian_package(store: Store) -> None:
    model = store.pull("libime-zh")
    with model.files["model"].open("rb") as stream:
        assert stream.read(20) == b"mmap lm http://kheaf"
