"""Correction of texts: each run of Han characters is corrected by the lattice."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from liusheng.asr.correction.hotwords import Hotword
from liusheng.asr.correction.lattice import Lattice
from liusheng.asr.correction.lexicon import HomophoneLexicon, read_lexicon
from liusheng.asr.correction.trigram import Trigram
from liusheng.asr.options import CorrectionOptions
from liusheng.han import HAN
from liusheng.models.types import InstalledModel

_RUN = re.compile(f"[{HAN}]+")
_CACHE_SIZE = 1024


class Corrector:
    """Corrects Mandarin texts. Characters are replaced one for one: the length stays.

    Runs are separated by anything that is not a Han character, and corrected independently.

    context: characters before a text that are taken into account; a trigram depends on two words.
    """

    context = 8

    def __init__(self, lattice: Lattice) -> None:
        # Successive decodes of a growing window have most of their runs in common.
        self._spell = lru_cache(maxsize=_CACHE_SIZE)(lattice.spell)
        self._lattice = lattice

    def correct(self, text: str, before: str = "", hotwords: Sequence[Hotword] = ()) -> str:
        """Return the most likely correction of `text` (simplified characters), of the same length.

        Args:
            before: the text before it, which is not changed.
            hotwords: expected words.
        """
        before = before[-self.context :]
        whole = before + text

        def corrected(run: re.Match[str]) -> str:
            if run.end() <= len(before):
                return run[0]
            return self._spell(run[0], max(0, len(before) - run.start()), tuple(hotwords))

        return _RUN.sub(corrected, whole)[len(before) :]

    def likelihood(self, text: str, hotwords: Sequence[Hotword] = ()) -> float:
        """Return the mean log10 probability per Han character of a text; -inf if it has none."""
        runs = _RUN.findall(text)
        if not runs:
            return -math.inf
        total = sum(self._lattice.likelihood(run, hotwords) for run in runs)
        return total / sum(map(len, runs))


def load(model: InstalledModel, options: CorrectionOptions) -> Corrector:
    """Load a corrector.

    Raises:
        ValueError: the model has no lexicon.
    """
    path = model.files.get("lexicon")
    if path is None:
        raise ValueError(
            f"{model.name} cannot correct Mandarin: it has no lexicon.txt with a line "
            '"WORD SYLLABLE ..." for each of its words'
        )
    trigram = Trigram(model.files["model"])
    lexicon = HomophoneLexicon(read_lexicon(path), trigram.prior)
    return Corrector(Lattice(lexicon, trigram, options))
