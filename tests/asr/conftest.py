"""Small models with random weights, made once a run, and sound to run them on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from liusheng.audio.pcm import Samples
from liusheng.models.types import InstalledModel, Kind, Task
from tests.support.random_models import online as random_online_model
from tests.support.random_models import small as random_small_models
from tests.support.random_models.calibration import babble

RATE = 5.0
KINDS: dict[str, tuple[Kind, tuple[str, ...], Callable[[Path], object]]] = {
    "zipformer2-transducer": (
        Kind.ONLINE_TRANSDUCER,
        ("encoder", "decoder", "joiner"),
        lambda folder: random_online_model.make("zipformer2-transducer", "tiny", folder, rate=RATE),
    ),
    "lstm-transducer": (
        Kind.ONLINE_TRANSDUCER,
        ("encoder", "decoder", "joiner"),
        lambda folder: random_online_model.make("lstm-transducer", "tiny", folder, rate=RATE),
    ),
    "zipformer2-ctc": (
        Kind.ONLINE_ZIPFORMER2_CTC,
        ("model",),
        lambda folder: random_online_model.make("zipformer2-ctc", "tiny", folder, rate=RATE),
    ),
    "nemo-ctc": (Kind.ONLINE_NEMO_CTC, ("model",), random_small_models.nemo_ctc),
    "nemo-ctc-8": (
        Kind.ONLINE_NEMO_CTC,
        ("model",),
        lambda folder: random_small_models.nemo_ctc(folder, subsampling=8),
    ),
    "online-paraformer": (
        Kind.ONLINE_PARAFORMER,
        ("encoder", "decoder"),
        random_small_models.online_paraformer,
    ),
    "sense-voice": (Kind.SENSE_VOICE, ("model",), random_small_models.sense_voice),
    "offline-paraformer": (
        Kind.OFFLINE_PARAFORMER,
        ("model",),
        random_small_models.offline_paraformer,
    ),
    "offline-paraformer-untimed": (
        Kind.OFFLINE_PARAFORMER,
        ("model",),
        lambda folder: random_small_models.offline_paraformer(folder, timestamps=False),
    ),
}


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], InstalledModel]:
    """Return a function from a name in KINDS to a tiny model."""
    made: dict[str, InstalledModel] = {}

    def make(name: str) -> InstalledModel:
        if name not in made:
            kind, roles, write = KINDS[name]
            folder = tmp_path_factory.mktemp(name)
            write(folder)
            files = {role: folder / f"{role}.onnx" for role in roles}
            files["tokens"] = folder / "tokens.txt"
            made[name] = InstalledModel(name, Task.ASR, kind, folder, files, ("zh", "en"))
        return made[name]

    return make


@pytest.fixture(scope="session")
def speech() -> Samples:
    """4.8 s like speech, with a pause."""
    return babble(4.8, seed=18)


@pytest.fixture(scope="session")
def phrases() -> Samples:
    """10 s like speech, with pauses of many lengths."""
    return babble(10.0, seed=5)


@pytest.fixture(scope="session")
def endless() -> Samples:
    """11 s of a sound without a pause."""
    sound = babble(25.0, seed=6)
    loud = np.abs(sound).reshape(-1, 800).max(1) > 0.02
    return np.asarray(sound.reshape(-1, 800)[loud].reshape(-1)[: 11 * 16_000], np.float32)
