"""How a character with several readings is read in its sentence: the model of g2pM.

One layer of bidirectional LSTM over characters and two dense layers (Park and Lee, "g2pM: A Neural
Grapheme-to-Phoneme Conversion Package for Mandarin Chinese", Interspeech 2020), trained on the CPP
data of Wikipedia sentences. The package g2pM (Apache-2.0) carries the weights; it is evaluated here
in float32, only at the characters asked for and among the readings that these have, and with the
probability, which the package leaves out.
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
        self._lstm = _BidirectionalLstm(weights)
        self._hidden, self._output = (
            (
                _float32(weights[f"logit_layer.{n}.weight"].T),
                _float32(weights[f"logit_layer.{n}.bias"]),
            )
            for n in (0, 2)
        )
        self._classes: dict[str, int] = _table("class2idx.pkl")
        self._spellings: dict[str, list[str]] = {
            char: known
            for char, names in _table("digest_cedict.pkl").items()
            if char not in _UNREADABLE
            and len(known := [name for name in names if name in self._classes]) > 1
        }
        self._of_character: dict[str, tuple[list[str], Floats, Floats]] = {}
        self.characters = frozenset(self._spellings)

    def readings(self, text: str, positions: Sequence[int]) -> list[ModelReading]:
        """Return the reading of the characters of `text` at `positions`, one for each.

        text: simplified characters, a stretch between two marks or more.
        """
        if not positions:
            return []
        ids = [self._first, *(self._index.get(c, self._unknown) for c in text), self._last]
        states = self._lstm.states(ids)
        return [self._reading(text[at], states[at + 1]) for at in positions]

    def _reading(self, char: str, state: Floats) -> ModelReading:
        """The likeliest of the readings that the character has."""
        names, weights, bias = self._readings_of(char)
        hidden = np.maximum(state @ self._hidden[0] + self._hidden[1], 0)
        logits = hidden @ weights + bias
        odds = np.exp(logits - logits.max())
        best = int(odds.argmax())
        return ModelReading(names[best], float(odds[best] / odds.sum()))

    def _readings_of(self, char: str) -> tuple[list[str], Floats, Floats]:
        """The readings of a character, with their weights and bias in the output layer."""
        if (found := self._of_character.get(char)) is None:
            classes = [self._classes[name] for name in self._spellings[char]]
            weights, bias = self._output
            names = [_spelling(name) for name in self._spellings[char]]
            found = names, np.ascontiguousarray(weights[:, classes]), bias[classes]
            self._of_character[char] = found
        return found


class _BidirectionalLstm:
    """Both directions, step by step side by side.

    Gates are stored as input, forget, output, cell (PyTorch has the last two the other way round).
    The first three are halved: their sigmoid is 0.5 tanh(x / 2) + 0.5, so one tanh serves all.
    What a character adds to the gates is looked up, and the products that remain are so small that
    the linear algebra library does not start its threads, which would compete with the voice's.
    """

    def __init__(self, weights: dict[str, Floats]) -> None:
        layers = ("l0", "l0_reverse")
        self._given = [
            weights["embedding.weight"] @ _gates(weights[f"lstm.weight_ih_{layer}"]).T
            + _gates(weights[f"lstm.bias_ih_{layer}"] + weights[f"lstm.bias_hh_{layer}"])
            for layer in layers
        ]
        self._given = [_float32(table) for table in self._given]
        self._recurrent = [
            _float32(_gates(weights[f"lstm.weight_hh_{layer}"]).T) for layer in layers
        ]

    def states(self, characters: Sequence[int]) -> Floats:
        """Return the hidden states of both directions, shape (steps, 2 * size).

        characters: their indices.
        """
        steps = len(characters)
        forward, backward = self._recurrent
        size = len(forward)
        given = np.empty((steps, 2, 4 * size), np.float32)
        for direction, order in enumerate((characters, characters[::-1])):
            given[:, direction] = self._given[direction][list(order)]
        hidden = np.zeros((steps + 1, 2, size), np.float32)
        cell = np.zeros((2, size), np.float32)
        gates = np.empty((2, 4 * size), np.float32)
        switches, candidate = gates[:, : 3 * size], gates[:, 3 * size :]
        inward, forget, outward = (gates[:, part * size : (part + 1) * size] for part in range(3))
        for at in range(steps):
            np.dot(hidden[at, 0], forward, out=gates[0])
            np.dot(hidden[at, 1], backward, out=gates[1])
            gates += given[at]
            np.tanh(gates, out=gates)
            switches *= 0.5
            switches += 0.5
            cell *= forget
            candidate *= inward
            cell += candidate
            np.tanh(cell, out=candidate)
            np.multiply(outward, candidate, out=hidden[at + 1])
        return np.concatenate([hidden[1:, 0], hidden[:0:-1, 1]], axis=1)


def _gates(weights: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """PyTorch's weights of four gates (the first axis) in our order and scale."""
    inward, forget, cell, outward = np.split(weights, 4)
    return np.concatenate([0.5 * inward, 0.5 * forget, 0.5 * outward, cell])


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
