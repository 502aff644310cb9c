"""Corrects text: finds the runs of Han characters in it and has them spelled."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from liusheng.asr.correction.hotwords import Hotword
from liusheng.asr.correction.lattice import Lattice
from liusheng.asr.correction.lexicon import Lexicon, read_lexicon
from liusheng.asr.correction.trigram import Trigram, has_kenlm
from liusheng.asr.options import CorrectionOptions
from liusheng.han import HAN
from liusheng.models.types import InstalledModel

_RUN = re.compile(f"[{HAN}]+")
_KEPT_RESULTS = 1024


class Corrector:
    """Spells Mandarin text; its characters are replaced one by one, so that its length stays.

    Marks end a run: what stands on both sides of one is spelled apart.

    context: how many characters of what comes before are looked at: a trigram sees two words.
    judges: `likelihood` tells likely texts from unlikely ones.
    """

    context = 8

    def __init__(self, lattice: Lattice) -> None:
        # A window is decoded again and again as it grows, and a settled text once more at its end.
        self._spell = lru_cache(maxsize=_KEPT_RESULTS)(lattice.spell)
        self._lattice = lattice
        self.judges = lattice.judges

    def correct(self, text: str, before: str = "", hotwords: Sequence[Hotword] = ()) -> str:
        """Return `text` (simplified characters) as it is most likely meant, equally long.

        Args:
            before: the text that comes before it, which stays as it is.
            hotwords: words that are expected.
        """
        before = before[-self.context :]
        whole = before + text

        def spelled(run: re.Match[str]) -> str:
            if run.end() <= len(before):
                return run[0]
            return self._spell(run[0], max(0, len(before) - run.start()), tuple(hotwords))

        return _RUN.sub(spelled, whole)[len(before) :]

    def likelihood(self, text: str, hotwords: Sequence[Hotword] = ()) -> float:
        """Return the mean log10 probability of a Han character of a text; -inf without any."""
        runs = _RUN.findall(text)
        if not runs:
            return -math.inf
        total = sum(self._lattice.likelihood(run, hotwords) for run in runs)
        return total / sum(map(len, runs))


def load(model: InstalledModel, options: CorrectionOptions) -> Corrector:
    """Load a corrector; without KenLM's module it knows only hotwords.

    Raises:
        ValueError: the model has no lexicon.
    """
    path = model.files.get("lexicon")
    if path is None:
        raise ValueError(
            f"{model.name} cannot correct Mandarin: it has no lexicon.txt with a line "
            '"WORD SYLLABLE ..." for each of its words'
        )
    trigram = Trigram(model.files["model"]) if has_kenlm() else None
    lexicon = Lexicon(read_lexicon(path), trigram.prior if trigram else None)
    return Corrector(Lattice(lexicon, trigram, options))
