"""What runs inside the VAD process: a speech activity detector behind a plain method."""

from __future__ import annotations

from collections.abc import Sequence

from liusheng.asr.options import VadOptions
from liusheng.asr.state_codec import state_from_bytes, state_to_bytes
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.audio.pcm import pcm_to_samples
from liusheng.runtime.recognition.messages import Detection, VadRequest


class VadHandler:
    """A detector in a worker."""

    def __init__(self, detector: SpeechActivityDetector) -> None:
        self._detector = detector

    def describe(self) -> None:
        """There is nothing that the server needs to know."""

    def detect(self, requests: Sequence[VadRequest]) -> list[Detection]:
        """Detect speech in what has come in; results are in the same order."""
        return [self._detected(request) for request in requests]

    def _detected(self, request: VadRequest) -> Detection:
        detector = self._detector
        state = request.state
        before = state_from_bytes(state) if state else detector.open(request.endpoint)
        after, activity = detector.advance(before, pcm_to_samples(request.pcm))
        return Detection(state_to_bytes(after), activity)


def load_vad_handler(options: VadOptions) -> VadHandler:
    """Load the speech activity detector; a worker's factory."""
    return VadHandler(SpeechActivityDetector(options))
