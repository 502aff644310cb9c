"""The punctuation worker's handler."""

from __future__ import annotations

from liusheng.asr.text.punctuation import Punctuator
from liusheng.models.types import InstalledModel


class PunctuationHandler:
    """Calls a punctuation model."""

    def __init__(self, punctuator: Punctuator) -> None:
        self._punctuator = punctuator

    def describe(self) -> None:
        """Return nothing: the server needs no description."""

    def punctuate(self, text: str) -> str:
        """Return a text with punctuation."""
        return self._punctuator.punctuate(text)


def punctuation(model: InstalledModel, threads: int) -> PunctuationHandler:
    """Load a model; the worker's factory."""
    return PunctuationHandler(Punctuator(model, threads))
