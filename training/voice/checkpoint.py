"""What a run of training is continued from, written whole or not at all."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path
from types import FrameType
from typing import Any

import torch


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state`; a run that ends in the middle leaves the file that was there."""
    partial = path.with_suffix(".part")
    with partial.open("wb") as stream:
        torch.save(state, stream)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)


def load(path: Path) -> dict[str, Any]:
    """What `save` wrote: tensors, and what Python's random numbers go on from."""
    state: dict[str, Any] = torch.load(path, weights_only=False)
    return state


def random_state(rng: random.Random) -> dict[str, Any]:
    return {"python": rng.getstate(), "torch": torch.get_rng_state()}


def restore(rng: random.Random, state: dict[str, Any]) -> None:
    rng.setstate(state["python"])
    torch.set_rng_state(state["torch"])


class Asked:
    """Whether SIGTERM or SIGINT asked the program to end: it is to write a checkpoint first."""

    def __init__(self) -> None:
        self.to_end = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.to_end = True
