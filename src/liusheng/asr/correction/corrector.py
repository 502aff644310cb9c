"""Correction of texts: each run of Han characters is corrected by the lattice."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from liusheng.asr.correction.hotwords import Hotword
from liusheng.asr.correction.joint_lattice import JointLattice
from liusheng.asr.correction.lattice import Lattice
from liusheng.asr.correction.lexicon import HomophoneLexicon, read_lexicon
from liusheng.asr.correction.trigram import Trigram
from liusheng.asr.options import CorrectionOptions
from liusheng.asr.types import Proposal
from liusheng.han import HAN
from liusheng.models.types import InstalledModel

_RUN = re.compile(f"[{HAN}]+")
_CACHE_SIZE = 1024
_MARGIN = 2.0
"""log10; a correction that is worse than the best by more is hardly ever the right one."""
_SOUND = 0.4
"""Weight of the sound's log probability beside that of the language."""
_NATURAL = math.log(10)


class Corrector:
    """Corrects Mandarin texts. Characters are replaced one for one: the length stays.

    Runs are separated by anything that is not a Han character, and corrected independently.

    context: characters before a text that are taken into account; a trigram depends on two words.
    """

    context = 8

    def __init__(
        self, lattice: Lattice, joint: JointLattice | None = None, proposals: int = 0
    ) -> None:
        """joint: for `propose`, which returns at most `proposals` texts; None: it is not used."""
        # Successive decodes of a growing window have most of their runs in common.
        self._spell = lru_cache(maxsize=_CACHE_SIZE)(lattice.spell)
        self._lattice = lattice
        self._joint = joint
        self._proposals = proposals

    @property
    def proposes(self) -> bool:
        """Whether `propose` may be used."""
        return self._joint is not None and self._proposals > 0

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

    def propose(
        self, hypotheses: Sequence[tuple[str, float]], hotwords: Sequence[Hotword] = ()
    ) -> list[Proposal]:
        """Return corrections of several hypotheses together, the best first; see `JointLattice`.

        Args:
            hypotheses: texts with their log probabilities (natural), the likeliest first, none of
                them empty. Simplified characters.
            hotwords: expected words.
        """
        if self._joint is None or not hypotheses:
            return []
        found = self._joint.best(hypotheses, hotwords)[: self._proposals]
        least = found[0][1] - _MARGIN
        return [
            Proposal(text, score * _NATURAL / _SOUND) for text, score in found if score >= least
        ]

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
    joint = JointLattice(lexicon, trigram, options)
    return Corrector(Lattice(lexicon, trigram, options), joint, options.rescored)
