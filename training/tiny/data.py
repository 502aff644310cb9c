"""Reads what `tiny.generate` wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.tiny.augment import Utterance
from training.tiny.voices import RATE

_FRAME = RATE // 100
_GAP = 10
"""Frames of 10 ms that a pause lasts at least."""

_CLEARER = 1.25
"""How much longer than anything else that is silent (the closure of a t) each pause has to be."""

_LEAST = RATE // 6
"""Samples that a part has at least."""


def load_parts(folder: Path, name: str) -> list[Utterance]:
    """Return the utterances of the parts whose names begin so, in order.

    Raises:
        FileNotFoundError: there are none.
    """
    paths = sorted(folder.glob(f"{name}*.npz"))
    if not paths:
        raise FileNotFoundError(f"no {name}*.npz in {folder}: run generate.py first")
    utterances: list[Utterance] = []
    for path in paths:
        with np.load(path) as part:
            pcm, offsets, facts = part["pcm"], part["offsets"], json.loads(str(part["facts"]))
        for begin, end, fact in zip(offsets, offsets[1:], facts, strict=False):
            whole = Utterance(
                pcm[begin:end], tuple(fact["tokens"]), fact["language"], fact["kind"], name
            )
            utterances.append(replace(whole, parts=_parts(whole, fact["groups"])))
    return utterances


def _parts(utterance: Utterance, groups: Sequence[int]) -> tuple[Utterance, ...]:
    """Cut an utterance at its pauses; () if there are not as many as its groups of tokens ask for.

    groups: how many tokens there are between pauses.
    """
    loudness = [
        float(np.abs(utterance.samples[at : at + _FRAME]).max())
        for at in range(0, len(utterance.pcm), _FRAME)
    ]
    silent = [each < 0.02 * max(loudness) for each in loudness]
    gaps: list[tuple[int, int]] = []  # length and middle, in frames
    begin = None
    for at, quiet in enumerate(silent):
        if quiet and begin is None:
            begin = at
        elif not quiet and begin is not None:
            if begin and at - begin >= _GAP:
                gaps.append((at - begin, (at + begin) // 2))
            begin = None
    gaps.sort(reverse=True)
    pauses, others = gaps[: len(groups) - 1], gaps[len(groups) - 1 :]
    if len(groups) < 2 or len(pauses) < len(groups) - 1:
        return ()
    if others and pauses[-1][0] < _CLEARER * others[0][0]:
        return ()
    pcm = np.split(utterance.pcm, sorted(middle * _FRAME for _, middle in pauses))
    if min(map(len, pcm)) < _LEAST:
        return ()
    ends = np.cumsum(groups)
    return tuple(
        replace(utterance, pcm=piece, tokens=utterance.tokens[end - count : end])
        for piece, count, end in zip(pcm, groups, ends, strict=True)
    )
