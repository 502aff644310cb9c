"""What runs inside the process that punctuates: a model behind a plain method."""

from __future__ import annotations

from liusheng.asr.text.punctuation import Punctuator
from liusheng.models.types import InstalledModel


class PunctuationHandler:
    """A punctuator in a worker."""

    def __init__(self, punctuator: Punctuator) -> None:
        self._punctuator = punctuator

    def describe(self) -> None:
        """There is nothing that the server needs to know."""

    def punctuate(self, text: str) -> str:
        """Return the text with marks."""
        return self._punctuator.punctuate(text)


def punctuation(model: InstalledModel, threads: int) -> PunctuationHandler:
    """Load a model; a worker's factory."""
    return PunctuationHandler(Punctuator(model, threads))
