"""All that this chain takes from Liusheng itself: front end, engine, scoring, sentences.

Whatever is trained on the front end's phonemes is to be given the same phonemes when it speaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel

from liusheng.bench.scoring import errors
from liusheng.bench.texts import SENTENCES
from liusheng.models.kinds import find_files
from liusheng.models.store import Store
from liusheng.models.types import InstalledModel, Kind
from liusheng.tts.harmonic_noise.network import Network
from liusheng.tts.load import open_router
from liusheng.tts.misaki.spelling import spell
from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.types import SpeechRequest

_PROMPT = "以下是普通话的句子。"
"""Whisper writes simplified characters and marks after it."""


def benchmark(lang: str | None = None) -> list[str]:
    """The sentences that the project measures voices on: none is to be trained on."""
    return [each for of, sentences in SENTENCES.items() if lang in (None, of) for each in sentences]


def exported(folder: Path) -> InstalledModel:
    """The voice that `training.voice.export` wrote into a folder, as a server opens it."""
    return Store().open_folder(folder, Kind.HARMONIC_NOISE)


def network(folder: Path) -> Network:
    """Its network."""
    return Network(find_files(folder, Kind.HARMONIC_NOISE))


def installed(names: str) -> list[InstalledModel]:
    """Models of the catalogue, by names with commas between them."""
    return [Store().open(name) for name in names.split(",")]


class Served:
    """Voices as a server speaks with them, but for their loudness."""

    def __init__(self, models: Sequence[InstalledModel]) -> None:
        self._router = open_router(models, FrontEnd(), warm_up=False)

    def say(self, text: str) -> Iterator[npt.NDArray[np.float32]]:
        """The blocks of a text, 24 kHz."""
        for block in self._router.speak(SpeechRequest(text)):
            yield block.samples


class Listener:
    """whisper-base as the project has it, without its correction."""

    def __init__(self) -> None:
        folder = str(Store().open("whisper-base").files["model"].parent)
        self._model = WhisperModel(folder, compute_type="int8", cpu_threads=1)

    def hear(self, path: str, lang: str) -> str:
        parts, _ = self._model.transcribe(
            path,
            language=lang,
            beam_size=5,
            condition_on_previous_text=False,
            initial_prompt=_PROMPT if lang == "zh" else None,
        )
        return "".join(part.text for part in parts)


def wrong(text: str, heard: str, lang: str) -> tuple[int, int]:
    """Errors and length: characters of Mandarin and of mixed sentences, words of English."""
    found = errors(text, heard, lang)
    return found.edits, found.length


@dataclass(frozen=True)
class Reading:
    """What a voice is given in one pass.

    phonemes: Kokoro's notation (misaki's): IPA, an arrow for each Mandarin tone.
    lang: "zh", "en", or "mixed" where both are said in one pass.
    """

    text: str
    phonemes: str
    lang: str


class Reader:
    """Text to phonemes."""

    @cached_property
    def _front_end(self) -> FrontEnd:
        return FrontEnd()

    def clauses(self, text: str) -> Iterator[Reading]:
        """The clauses that the server would give a voice that mixes languages, one by one."""
        for clause in self._front_end.clauses(text, mixed=True):
            yield Reading(clause.reading, spell(clause).phonemes, clause.lang)

    def joined(self, text: str, most: int) -> Iterator[Reading]:
        """Neighbouring clauses in one pass, as long as they have no more than `most` phonemes."""
        waiting: list[Reading] = []
        for reading in self.clauses(text):
            if waiting and sum(len(each.phonemes) for each in (*waiting, reading)) > most:
                yield _one(waiting)
                waiting = []
            waiting.append(reading)
        if waiting:
            yield _one(waiting)


def _one(readings: Sequence[Reading]) -> Reading:
    langs = {each.lang for each in readings}
    return Reading(
        " ".join(each.text for each in readings),
        " ".join(each.phonemes for each in readings),
        langs.pop() if len(langs) == 1 else "mixed",
    )
