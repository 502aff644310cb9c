"""Kokoro-82M's voices: many speakers of one model, each a table of style vectors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from liusheng.audio.pcm import Samples
from liusheng.models.devices import Device
from liusheng.models.types import InstalledModel
from liusheng.tts.misaki.inventory import Inventory
from liusheng.tts.misaki.spelling import spell
from liusheng.tts.onnx_session import open_session
from liusheng.tts.text.types import Clause

_STYLE = 256
_MAX_PHONEMES = 509
"""Phonemes in one pass: the model has 512 positions and a style for each of 510 lengths."""

_LANGUAGES = {"z": ("zh", "en"), "a": ("en",), "b": ("en",)}
"""The languages of a speaker by the first letter of its name. Speakers of Mandarin also speak
English, with an accent, so that a sentence in both keeps one voice. The model's other languages are
left out: there is no front end for them here."""

_GENDERS = {"f": "female", "m": "male"}
_ONNX_RUNTIME = (1, 27)
"""The oldest ONNX Runtime that computes the model's 8-bit weights rightly on processors with AMX
and VNNI: 1.21 to 1.24 give noise and NaN, 1.27 to 1.31 speech (25 and 26 were not tried)."""


class KokoroModel:
    """The network, with its inventory of phonemes.

    Args:
        model: ONNX, tokens int64 (1, n), style float32 (1, 256), speed float32 (1,) to samples.
        inventory: see `Inventory`.

    Raises:
        ValueError: a file is not of its type.
    """

    def __init__(self, model: Path, inventory: Path, device: Device = "cpu") -> None:
        self._inventory = Inventory(inventory)
        self._session = open_session(model, device)

    def synthesize(self, phonemes: str, styles: npt.NDArray[np.float32], speed: float) -> Samples:
        """The audio of up to 509 phonemes, shape (n,); phonemes not in the inventory are left out.

        styles: shape (510, 256), one for each number of phonemes.
        speed: 2.0 takes half the time.
        """
        ids = self._inventory.numbers(phonemes)[:_MAX_PHONEMES]
        (audio,) = self._session.run(
            None,
            {
                "tokens": np.array([[0, *ids, 0]], np.int64),
                "style": styles[len(ids)][None],
                "speed": np.array([speed], np.float32),
            },
        )
        samples: Samples = np.clip(audio.ravel(), -1, 1).astype(np.float32)
        return samples


class KokoroVoice:
    """A speaker of the model.

    Args:
        name: the name of its file: the first letter is the language, the second the gender.
        styles: see `KokoroModel.synthesize`.
    """

    def __init__(
        self,
        model: KokoroModel,
        name: str,
        styles: npt.NDArray[np.float32],
    ) -> None:
        self.name = name
        self.languages = _LANGUAGES[name[0]]
        self.gender = _GENDERS.get(name[1], "unknown")
        self.mixes = {"zh", "en"} <= set(self.languages)
        self._british = name[0] == "b"
        self._model = model
        self._styles = styles

    def speak(self, clause: Clause, *, speed: float, urgent: bool) -> Iterator[Samples]:
        """See `ClauseVoice.speak`."""
        del urgent  # the model synthesises a clause in one pass
        spelling = spell(clause, british=self._british)
        if spelling.audible:
            yield self._model.synthesize(spelling.phonemes, self._styles, speed)

    def phones(self, clause: Clause) -> list[str]:
        """See `PhoneticVoice.phones`: in misaki's notation."""
        spelling = spell(clause, british=self._british)
        return spelling.by_unit() if clause.lang == "zh" else [spelling.phonemes]


def open_kokoro_voices(model: InstalledModel, device: Device = "cpu") -> list[KokoroVoice]:
    """Open a model; return its speakers of Mandarin and of English, Mandarin first.

    Raises:
        ValueError: a file is damaged, there is no speaker of either language, ONNX Runtime is too
            old, or the device cannot be had.
    """
    _check_runtime(onnxruntime.__version__)
    network = KokoroModel(model.files["model"], model.files["tokens"], device)
    paths = [path for path in model.files["voices"].glob("*.bin") if path.name[0] in _LANGUAGES]
    if not paths:
        raise ValueError(f"{model.files['voices']} has no voices (zf_NAME.bin and similar)")
    paths.sort(key=lambda path: (-len(_LANGUAGES[path.name[0]]), path.name))
    return [KokoroVoice(network, path.stem, _styles(path)) for path in paths]


def _styles(path: Path) -> npt.NDArray[np.float32]:
    styles = np.fromfile(path, np.float32)
    if styles.size != (_MAX_PHONEMES + 1) * _STYLE:
        raise ValueError(f"{path} is not a table of {_MAX_PHONEMES + 1} styles of {_STYLE} numbers")
    return styles.reshape(-1, _STYLE)


def _check_runtime(version: str) -> None:
    if tuple(map(int, version.split(".")[:2])) < _ONNX_RUNTIME:
        needed = ".".join(map(str, _ONNX_RUNTIME))
        raise ValueError(
            f"Kokoro needs ONNX Runtime {needed} or later, and {version} is installed, which "
            "computes it wrongly; later ones need Python 3.11"
        )
