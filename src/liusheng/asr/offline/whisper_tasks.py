"""Whisper's two tasks: transcription, and translation into English."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import tokenizers
from faster_whisper.tokenizer import Tokenizer

_LARGE_V3_BINS = 128
"""Mel bins of large-v3 and of what was distilled from it; smaller and older models have 80."""
_DISTILLED_LAYERS = 4
"""Most decoder layers of a distilled model: large-v3-turbo has 4 of 32."""


class TaskTokenizers:
    """A tokenizer for each task and language: they differ in what the decoder starts with."""

    def __init__(
        self, hf: tokenizers.Tokenizer, languages: Sequence[str], *, multilingual: bool
    ) -> None:
        self._hf = hf
        self._multilingual = multilingual
        self._transcribing = {lang: self._new("transcribe", lang) for lang in languages}
        self._translating: dict[str, Tokenizer] = {}

    def __contains__(self, lang: str) -> bool:
        return lang in self._transcribing

    def __getitem__(self, lang: str) -> Tokenizer:
        return self._transcribing[lang]

    def of(self, lang: str, *, translate: bool) -> Tokenizer:
        """Return the tokenizer of a task. lang: what is spoken."""
        if not translate:
            return self[lang]
        if lang not in self._translating:
            self._translating[lang] = self._new("translate", lang)
        return self._translating[lang]

    def _new(self, task: str, lang: str) -> Tokenizer:
        return Tokenizer(self._hf, self._multilingual, task=task, language=lang)


class _Config(msgspec.Struct):
    """Of CTranslate2. alignment_heads: (decoder layer, head) of each."""

    alignment_heads: list[tuple[int, int]] | None = None


def translates(config: Path, *, multilingual: bool, mel_bins: int) -> bool:
    """Return whether a model translates into English.

    Models that recognise English only do not, and neither do distilled ones: large-v3-turbo was
    tuned without translations (https://github.com/openai/whisper/discussions/2363), and writes a
    transcript when it is asked for one.

    config: the model's config.json.
    """
    if not multilingual:
        return False
    heads = msgspec.json.decode(config.read_bytes(), type=_Config).alignment_heads
    layers = 1 + max((layer for layer, _ in heads or ()), default=_DISTILLED_LAYERS)
    return mel_bins != _LARGE_V3_BINS or layers > _DISTILLED_LAYERS
