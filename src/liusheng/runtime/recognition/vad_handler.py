"""What runs inside the process that listens: an ear behind a plain method."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

from liusheng.asr.options import VadOptions
from liusheng.asr.types import SpeechActivity
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.audio.pcm import pcm_to_samples
from liusheng.runtime.recognition.vad_service import VadRequest


class VadHandler:
    """An ear in a worker."""

    def __init__(self, ear: SpeechActivityDetector) -> None:
        self._ear = ear

    def describe(self) -> None:
        """There is nothing that the server needs to know."""

    def listen(self, hearings: Sequence[VadRequest]) -> list[tuple[bytes, SpeechActivity]]:
        """Listen to what has come in; results are in the same order."""
        results = []
        for each in hearings:
            before = pickle.loads(each.state) if each.state else self._ear.open(each.endpoint)
            state, noticed = self._ear.listen(before, pcm_to_samples(each.pcm))
            results.append((pickle.dumps(state, protocol=5), noticed))
        return results


def ear(options: VadOptions) -> VadHandler:
    """Load the speech detector; a worker's factory."""
    return VadHandler(SpeechActivityDetector(options))
