"""A word n-gram language model: a KenLM binary (Heafield 2011), read by the module `kenlm`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

State = Any
"""The context of a word in the model; compared and hashed by value."""

_UNKNOWN = -7.0
"""log10 probability of a word that the model does not have."""


class Trigram:
    """A language model of words, loaded (memory-mapped, so that processes share it)."""

    def __init__(self, path: Path) -> None:
        import kenlm

        self._new_state = kenlm.State
        self._model = kenlm.Model(str(path))
        self.sentence_start: State = kenlm.State()
        self._model.BeginSentenceWrite(self.sentence_start)
        self.no_context: State = kenlm.State()
        self._model.NullContextWrite(self.no_context)

    def prior(self, word: str) -> float:
        """Return a word's log10 probability without context."""
        return self.score(self.no_context, word)[0]

    def score(self, state: State, word: str) -> tuple[float, State]:
        """Return a word's log10 probability after `state`, and the state after it."""
        if word not in self._model:
            return _UNKNOWN, self.no_context
        after = self._new_state()
        return self._model.BaseScore(state, word, after), after
