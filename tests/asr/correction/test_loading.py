from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.asr.correction import corrector
from liusheng.asr.options import CorrectionOptions
from liusheng.models.types import InstalledModel, Kind, Task

from .conftest import READINGS


def model(folder: Path, *roles: str) -> InstalledModel:
    (folder / "lexicon.txt").write_text(READINGS.strip() + "\n", encoding="utf-8")
    places = {"model": folder / "zh.lm", "lexicon": folder / "lexicon.txt"}
    files = {role: places[role] for role in roles}
    return InstalledModel("lm", Task.LM, Kind.KENLM, folder, files, ("zh",))


def test_a_model_without_a_lexicon_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"lm cannot correct Mandarin: it has no lexicon\.txt"):
        corrector.load(model(tmp_path, "model"), CorrectionOptions())
