"""How a character with several readings is read in its sentence: the model of g2pM.

One layer of bidirectional LSTM over characters and two dense layers (Park and Lee, "g2pM: A Neural
Grapheme-to-Phoneme Conversion Package for Mandarin Chinese", Interspeech 2020), trained on the CPP
data of Wikipedia sentences. The package g2pM (Apache-2.0) carries the weights; it is evaluated here
in float32, only at the characters asked for, and with the probability that the package leaves out.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_UNREADABLE = frozenset("一不儿没")
"""Characters whose reading is a matter of sandhi and erhua, not of the model; and 没, which it
takes for the mo4 of 没收 in everyday words."""


@dataclass(frozen=True)
class ModelReading:
    """The likeliest reading of a character.

    pinyin: as in `Syllable`, before sandhi.
    probability: by the model, 0 to 1.
    """

    pinyin: str
    probability: float


class PolyphoneModel:
    """The weights, loaded (2 MB, some 50 ms). Stateless; `polyphone_model()` is the shared one."""

    def __init__(self) -> None:
        weights = _table("np_ckpt.pkl")
        self._index: dict[str, int] = _table("char2idx.pkl")
        self._unknown = self._index["<UNK>"]
        self._first, self._last = self._index["시"], self._index["끝"]
        self._embeddings = _float32(weights["embedding.weight"])
        self._forward = _Lstm(weights, "l0")
        self._backward = _Lstm(weights, "l0_reverse")
        self._hidden, self._output = (
            (
                _float32(weights[f"logit_layer.{n}.weight"].T),
                _float32(weights[f"logit_layer.{n}.bias"]),
            )
            for n in (0, 2)
        )
        self._classes = {at: _spelling(name) for name, at in _table("class2idx.pkl").items()}
        self.characters = frozenset(
            char for char, readings in _table("digest_cedict.pkl").items() if len(readings) > 1
        ).difference(_UNREADABLE)

    def readings(self, text: str, positions: Sequence[int]) -> list[ModelReading]:
        """Return the reading of the characters of `text` at `positions`, one for each.

        text: simplified characters, a stretch between two marks or more.
        """
        if not positions:
            return []
        ids = [self._first, *(self._index.get(c, self._unknown) for c in text), self._last]
        inputs = self._embeddings[ids]
        at = np.array(positions) + 1
        hidden = np.concatenate(
            [self._forward.states(inputs)[at], self._backward.states(inputs[::-1])[::-1][at]],
            axis=1,
        )
        weights, bias = self._hidden
        hidden = np.maximum(hidden @ weights + bias, 0)
        weights, bias = self._output
        logits = hidden @ weights + bias
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        best = odds.argmax(axis=1)
        return [
            ModelReading(self._classes[int(k)], float(odds[row, k])) for row, k in enumerate(best)
        ]


class _Lstm:
    """One direction. Weights in the order of PyTorch's gates: input, forget, cell, output."""

    def __init__(self, weights: dict[str, Floats], layer: str) -> None:
        self._inputs = _float32(weights[f"lstm.weight_ih_{layer}"].T)
        self._recurrent = _float32(weights[f"lstm.weight_hh_{layer}"].T)
        self._bias = _float32(weights[f"lstm.bias_ih_{layer}"])
        self._bias = self._bias + _float32(weights[f"lstm.bias_hh_{layer}"])
        self._size = len(self._recurrent)

    def states(self, inputs: Floats) -> Floats:
        """Return the hidden state after each step; inputs: shape (steps, features)."""
        size = self._size
        hidden = cell = np.zeros(size, np.float32)
        states = np.empty((len(inputs), size), np.float32)
        for at, step in enumerate(inputs @ self._inputs + self._bias):
            gates = step + hidden @ self._recurrent
            inward, forget, outward = (
                1 / (1 + np.exp(-gates[part * size : (part + 1) * size])) for part in (0, 1, 3)
            )
            cell = forget * cell + inward * np.tanh(gates[2 * size : 3 * size])
            hidden = outward * np.tanh(cell)
            states[at] = hidden
        return states


@lru_cache(maxsize=1)
def polyphone_model() -> PolyphoneModel:
    """Return the model that this process shares."""
    return PolyphoneModel()


def _table(name: str) -> Any:
    """A pickle of the package: as much to be trusted as its code, whose version is pinned.

    Read here because the package's own loader leaves its files open.
    """
    return pickle.loads((resources.files("g2pM") / name).read_bytes())


def _float32(array: npt.NDArray[np.floating]) -> Floats:
    return np.ascontiguousarray(array, np.float32)


def _spelling(name: str) -> str:
    return name.replace("u:", "v").replace("ü", "v")
