"""Small models with random weights, made once a run, and sound to run them on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from liusheng.asr.types import Samples
from liusheng.models.types import InstalledModel, Kind, Task

sys.path.append(str(Path(__file__).parents[3] / "tools"))

import random_online_model
from calibration import babble

ONLINE = {
    "zipformer2-transducer": (Kind.ONLINE_TRANSDUCER, ("encoder", "decoder", "joiner")),
    "lstm-transducer": (Kind.ONLINE_TRANSDUCER, ("encoder", "decoder", "joiner")),
    "zipformer2-ctc": (Kind.ONLINE_ZIPFORMER2_CTC, ("model",)),
}


def installed(name: str, folder: Path, kind: Kind, roles: tuple[str, ...]) -> InstalledModel:
    """Return the entry of a model in a folder."""
    files = {role: folder / f"{role}.onnx" for role in roles} | {"tokens": folder / "tokens.txt"}
    return InstalledModel(name, Task.ASR, kind, folder, files, ("zh", "en"))


@pytest.fixture(scope="session")
def online_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], InstalledModel]:
    """Return a function from an architecture to a tiny model of it."""
    made: dict[str, InstalledModel] = {}

    def make(architecture: str) -> InstalledModel:
        if architecture not in made:
            folder = tmp_path_factory.mktemp(architecture)
            random_online_model.make(architecture, "tiny", folder, rate=5.0)
            made[architecture] = installed(architecture, folder, *ONLINE[architecture])
        return made[architecture]

    return make


@pytest.fixture(scope="session")
def speech() -> Samples:
    """12 s like speech, with pauses."""
    return babble(12.0, seed=5)


@pytest.fixture(scope="session")
def endless() -> Samples:
    """11 s of a sound without a pause."""
    sound = babble(25.0, seed=6)
    loud = np.abs(sound).reshape(-1, 800).max(1) > 0.02
    return sound.reshape(-1, 800)[loud].reshape(-1)[: 11 * 16_000]
