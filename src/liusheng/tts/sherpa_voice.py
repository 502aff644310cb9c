"""Voices of sherpa-onnx: Matcha, VITS (MeloTTS too) and Kokoro models.

A clause is one call of the library. Its streaming callback would not help: it is called once per
sentence, and a clause is never longer than one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import sherpa_onnx

from liusheng.audio.pcm import Samples
from liusheng.audio.resample import resample
from liusheng.models.types import InstalledModel, Kind
from liusheng.tts.sherpa_checks import check_files
from liusheng.tts.text.types import Clause
from liusheng.tts.types import SAMPLE_RATE
from liusheng.tts.voice import default_voice_name, punctuated

_LANGUAGES = {"chinese": "zh", "english": "en"}
"""Name of a language in the metadata of models to its code, of those the front end supports."""


class SherpaVoice:
    """One speaker of a sherpa-onnx model.

    Args:
        engine: shared by the speakers of a model.
        speaker: its number in the model.
    """

    def __init__(
        self,
        engine: sherpa_onnx.OfflineTts,
        speaker: int,
        *,
        name: str,
        languages: tuple[str, ...],
        gender: str,
    ) -> None:
        self.name = name
        self.languages = languages
        self.gender = gender
        self._engine = engine
        self._speaker = speaker

    def speak(self, clause: Clause, *, speed: float, urgent: bool) -> Iterator[Samples]:
        """See `ClauseVoice.speak`."""
        del urgent  # these models synthesise a clause in one pass
        result = self._engine.generate(punctuated(clause), sid=self._speaker, speed=speed)
        audio = np.asarray(result.samples, np.float32)
        if not audio.size:
            return
        if result.sample_rate != SAMPLE_RATE:
            audio = resample(audio, result.sample_rate, SAMPLE_RATE)
        yield np.clip(audio, -1, 1)


def open_sherpa_voices(model: InstalledModel) -> list[SherpaVoice]:
    """Open a model; return a voice for each of its speakers.

    model: its `options` may have `speakers`, their names in the model's order (by default the
        model's name, numbered if there are several); `genders`, by speaker name; and `gender`, of
        all others.

    Raises:
        ValueError: sherpa-onnx cannot load the model's files; the message says why.
    """
    languages = _languages(model, check_files(model))
    config = sherpa_onnx.OfflineTtsConfig(
        model=sherpa_onnx.OfflineTtsModelConfig(**_family(model), num_threads=1),
        rule_fsts=_rules(model),
        max_num_sentences=1,
    )
    if not config.validate():
        raise ValueError(
            f"sherpa-onnx does not accept the files in {model.path} as a {model.kind.value} model; "
            "its own message is in the log above"
        )
    engine = sherpa_onnx.OfflineTts(config)
    count = max(1, engine.num_speakers)
    names = _speaker_names(model, count)
    genders: dict[str, str] = model.options.get("genders", {})
    return [
        SherpaVoice(
            engine,
            number,
            name=name,
            languages=languages,
            gender=genders.get(name, model.options.get("gender", "unknown")),
        )
        for number, name in enumerate(names)
    ]


def _languages(model: InstalledModel, metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The languages that the catalogue or the user gives, else those in the model's metadata."""
    if model.languages:
        return model.languages
    named = metadata.get("language", "").lower()
    languages = tuple(code for name, code in _LANGUAGES.items() if name in named)
    if not languages:
        raise ValueError(
            "its languages are not known: write them into a model.toml in its folder, such as "
            'languages = ["zh"]'
        )
    return languages


def _speaker_names(model: InstalledModel, count: int) -> list[str]:
    names: list[str] = model.options.get("speakers", [])
    if not names:
        name = default_voice_name(model)
        return [name] if count == 1 else [f"{name}-{i}" for i in range(count)]
    if len(names) > count:
        raise ValueError(f"{len(names)} speakers are named, but the model has {count}")
    return names


def _rules(model: InstalledModel) -> str:
    """The model's own text normalisation, for what our front end leaves: digits in English.

    Not for Kokoro, which reads English digits itself; its rules would read them in Chinese.
    """
    return "" if model.kind is Kind.KOKORO else _joined(model, "rule_fst")


def _joined(model: InstalledModel, role: str) -> str:
    """The files whose roles begin with `role`, separated by commas as the library takes them."""
    return ",".join(str(model.files[each]) for each in sorted(model.files) if each.startswith(role))


def _family(model: InstalledModel) -> dict[str, Any]:
    def path(role: str) -> str:
        found: Path | None = model.files.get(role)
        return str(found) if found else ""

    shared = {
        "tokens": path("tokens"),
        "lexicon": _joined(model, "lexicon"),
        "data_dir": path("espeak_data"),
    }
    if model.kind is Kind.MATCHA:
        return {
            "matcha": sherpa_onnx.OfflineTtsMatchaModelConfig(
                acoustic_model=path("acoustic"), vocoder=path("vocoder"), **shared
            )
        }
    if model.kind is Kind.KOKORO:
        return {
            "kokoro": sherpa_onnx.OfflineTtsKokoroModelConfig(
                model=path("model"), voices=path("voices"), **shared
            )
        }
    return {"vits": sherpa_onnx.OfflineTtsVitsModelConfig(model=path("model"), **shared)}
