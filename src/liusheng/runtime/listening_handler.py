"""What runs inside the process that listens: an ear behind a plain method."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

from liusheng.asr.ear import Ear
from liusheng.asr.options import VadOptions
from liusheng.asr.types import Noticed
from liusheng.audio.pcm import pcm_to_samples
from liusheng.runtime.listening import Hearing


class ListeningHandler:
    """An ear in a worker."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear

    def describe(self) -> None:
        """There is nothing that the server needs to know."""

    def listen(self, hearings: Sequence[Hearing]) -> list[tuple[bytes, Noticed]]:
        """Listen to what has come in; results are in the same order."""
        results = []
        for each in hearings:
            before = pickle.loads(each.state) if each.state else self._ear.open(each.endpoint)
            state, noticed = self._ear.listen(before, pcm_to_samples(each.pcm))
            results.append((pickle.dumps(state, protocol=5), noticed))
        return results


def ear(options: VadOptions) -> ListeningHandler:
    """Load the speech detector; a worker's factory."""
    return ListeningHandler(Ear(options))
