"""What a model on disk is, whoever put it there."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any


class Task(str, Enum):
    """What a model is for."""

    ASR = "asr"
    TTS = "tts"
    LM = "lm"
    """A language model that helps a recogniser."""
    PUNCTUATION = "punctuation"


class Kind(str, Enum):
    """The families of models that the engines can load; an engine is chosen by it."""

    WHISPER = "whisper"
    """A CTranslate2 Whisper folder: model.bin, config.json, tokenizer.json, vocabulary.*"""
    MOONSHINE = "moonshine"
    SENSE_VOICE = "sense-voice"
    OFFLINE_PARAFORMER = "offline-paraformer"
    ONLINE_TRANSDUCER = "online-transducer"
    ONLINE_PARAFORMER = "online-paraformer"
    ONLINE_ZIPFORMER2_CTC = "online-zipformer2-ctc"
    ONLINE_NEMO_CTC = "online-nemo-ctc"
    FASTSPEECH2_MBMELGAN = "fastspeech2-mbmelgan"
    HIBARI = "hibari"
    """English voices of the hibari-tts package, whose weights are inside the package."""
    MATCHA = "matcha"
    VITS = "vits"
    """VITS and MeloTTS through sherpa-onnx."""
    KOKORO = "kokoro"
    """Kokoro through sherpa-onnx."""
    KOKORO_PHONEMES = "kokoro-phonemes"
    """Kokoro as its makers publish it: a network that takes phonemes, a file for each voice."""
    KENLM = "kenlm"
    """An n-gram language model, a KenLM binary."""
    CT_TRANSFORMER = "ct-transformer"
    """FunASR's model for punctuation, as exported for sherpa-onnx."""


ONLINE_KINDS = frozenset(
    {
        Kind.ONLINE_TRANSDUCER,
        Kind.ONLINE_PARAFORMER,
        Kind.ONLINE_ZIPFORMER2_CTC,
        Kind.ONLINE_NEMO_CTC,
    }
)
"""Models that recognise speech chunk by chunk, with a state of their own."""


@dataclass(frozen=True)
class InstalledModel:
    """A model that is complete on disk and can be opened.

    name: in the catalogue, or the user's folder as given.
    path: the folder that holds its files (for HIBARI: the package's).
    files: role to path, for the roles that the kind's engine asks for, e.g. {"encoder": ...}; they
        are listed in `kinds.ANATOMY`.
    languages: codes, the best first.
    options: further facts from the catalogue that the engine understands.
    """

    name: str
    task: Task
    kind: Kind
    path: Path
    files: dict[str, Path]
    languages: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
