"""Mandarin sentences sampled from the word trigram that Liusheng corrects recognition with.

They mean little, but their words and what stands beside what are those of written Mandarin, so that
no syllable and no transition between two is missing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import kenlm
import numpy as np

_COMMON = 8000
"""Words that are weighed against each other."""

_RARE = 0.12
"""The share of words drawn from the next rarer ones instead, whatever goes before."""

_TEMPERATURE = 1.1
_LOG_10 = 2.302585
_MARKS = "。。。。？！"


def sentences(folder: Path, rng: random.Random) -> Iterator[str]:
    """Sentences of 3 to 12 words without end; `folder` is Liusheng's model libime-zh."""
    model = kenlm.Model(str(folder / "zh_CN.lm"))
    words = _words(folder / "lexicon.txt", model)
    common, rare = words[:_COMMON], words[_COMMON : 5 * _COMMON]
    while True:
        state = kenlm.State()
        model.BeginSentenceWrite(state)
        said: list[str] = []
        for _ in range(rng.randint(3, 12)):
            word = rng.choice(rare) if rng.random() < _RARE else _next(model, state, common, rng)
            following = kenlm.State()
            model.BaseScore(state, word, following)
            state = following
            said.append(word)
            if len(said) in (4, 5) and rng.random() < 0.3:
                said.append("，")
        yield "".join(said).rstrip("，") + rng.choice(_MARKS)


def _next(model: kenlm.Model, state: kenlm.State, common: list[str], rng: random.Random) -> str:
    out = kenlm.State()
    scores = np.array([model.BaseScore(state, each, out) for each in common])
    odds = np.exp((scores - scores.max()) * _LOG_10 / _TEMPERATURE)
    return rng.choices(common, odds.tolist())[0]


def _words(lexicon: Path, model: kenlm.Model) -> list[str]:
    """Words of up to four Han characters that the model has, the commonest first."""
    with lexicon.open(encoding="utf-8") as lines:
        words = sorted({line.split()[0] for line in lines if line.strip()})
    words = [word for word in words if re.fullmatch("[\u4e00-\u9fff]{1,4}", word) and word in model]
    empty, out = kenlm.State(), kenlm.State()
    model.NullContextWrite(empty)
    return sorted(words, key=lambda word: -model.BaseScore(empty, word, out))
