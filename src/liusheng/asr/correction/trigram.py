"""A word n-gram language model: a KenLM binary (Heafield 2011), read with KenLM's own module."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

State = Any
"""What a model remembers of the words before: compares and hashes by value."""

_UNKNOWN = -7.0


class Trigram:
    """A language model of words, loaded (memory-mapped, so that processes share it)."""

    def __init__(self, path: Path) -> None:
        import kenlm

        self._new_state = kenlm.State
        self._model = kenlm.Model(str(path))
        self.beginning: State = kenlm.State()
        self._model.BeginSentenceWrite(self.beginning)
        self.nowhere: State = kenlm.State()
        self._model.NullContextWrite(self.nowhere)

    def prior(self, word: str) -> float:
        """Return a word's log10 probability when nothing is known of what came before."""
        return self.score(self.nowhere, word)[0]

    def score(self, state: State, word: str) -> tuple[float, State]:
        """Return a word's log10 probability after `state`, and the state after it."""
        if word not in self._model:
            return _UNKNOWN, self.nowhere
        after = self._new_state()
        return self._model.BaseScore(state, word, after), after


def has_kenlm() -> bool:
    """Whether KenLM's module is there: some Pythons have no build of it."""
    return find_spec("kenlm") is not None
