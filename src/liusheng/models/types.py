"""A model on disk: of the catalogue, or a user's own."""

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
    """A language model, for correcting what a recogniser writes."""
    PUNCTUATION = "punctuation"


class Kind(str, Enum):
    """The kinds of models that can be loaded. The kind determines the engine."""

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
    """English voices of the hibari-tts package, which contains the weights."""
    HARMONIC_NOISE = "harmonic-noise"
    """Voices of the project's own, which training/voice makes."""
    MATCHA = "matcha"
    VITS = "vits"
    """VITS and MeloTTS through sherpa-onnx."""
    KOKORO = "kokoro"
    """Kokoro through sherpa-onnx."""
    KOKORO_PHONEMES = "kokoro-phonemes"
    """Kokoro as its authors publish it: a network that takes phonemes, a file for each voice."""
    KENLM = "kenlm"
    """An n-gram language model, a KenLM binary."""
    CT_TRANSFORMER = "ct-transformer"
    """FunASR's punctuation model, as exported for sherpa-onnx."""


ONLINE_KINDS = frozenset(
    {
        Kind.ONLINE_TRANSDUCER,
        Kind.ONLINE_PARAFORMER,
        Kind.ONLINE_ZIPFORMER2_CTC,
        Kind.ONLINE_NEMO_CTC,
    }
)
"""Streaming models: they recognise speech chunk by chunk and keep a state."""


@dataclass(frozen=True)
class InstalledModel:
    """A model whose files are complete on disk.

    name: in the catalogue, or the path of the user's folder.
    path: the folder that holds its files (for HIBARI: the package's).
    files: role to path, e.g. {"encoder": ...}; the roles of a kind are in `kinds.LAYOUTS`.
    languages: codes, the best first.
    options: from the catalogue or `model.toml`: for the engine, and "sentence", in words that the
        model knows, for `liusheng doctor`.
    """

    name: str
    task: Task
    kind: Kind
    path: Path
    files: dict[str, Path]
    languages: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
