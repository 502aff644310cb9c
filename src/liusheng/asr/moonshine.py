"""Moonshine (English) through sherpa-onnx.

Jeffries et al. 2024. Its window is the speech itself: no padding, and cost grows with the speech.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sherpa_onnx

from liusheng.asr.loops import without_loops
from liusheng.asr.offline import Decoded, Effort, Window, split_pieces, spread
from liusheng.asr.options import MoonshineOptions
from liusheng.asr.types import SAMPLE_RATE
from liusheng.models.types import InstalledModel

_SHORTEST = 0.5
"""Seconds; the convolutions need some, and shorter windows are lengthened with silence."""


class MoonshineEngine:
    """A Moonshine model in the two-file (v2) form.

    It gives no alignment: words are spread over the speech by their length.
    """

    max_seconds = 30.0
    punctuates = True

    def __init__(self, model: InstalledModel, options: MoonshineOptions) -> None:
        self.name = model.name
        self.languages = model.languages or ("en",)
        self._recognizer = sherpa_onnx.OfflineRecognizer.from_moonshine_v2(
            encoder=str(model.files["encoder"]),
            decoder=str(model.files["decoder"]),
            tokens=str(model.files["tokens"]),
            num_threads=options.threads,
        )

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        """Decode windows; see `OfflineEngine.decode`. Partials and finals are greedy alike."""
        streams = []
        for window in windows:
            samples = window.samples
            missing = int(_SHORTEST * SAMPLE_RATE) - len(samples)
            if missing > 0:
                samples = np.concatenate([samples, np.zeros(missing, np.float32)])
            stream = self._recognizer.create_stream()
            stream.accept_waveform(SAMPLE_RATE, samples)
            streams.append(stream)
        self._recognizer.decode_streams(streams)
        return [
            self._decoded(window, stream.result.text)
            for window, stream in zip(windows, streams, strict=True)
        ]

    def _decoded(self, window: Window, text: str) -> Decoded:
        start, end = window.speech
        end = min(end, len(window.samples) / SAMPLE_RATE)
        pieces = spread(split_pieces(text.strip()), min(start, end), end)
        return Decoded(without_loops(pieces), self.languages[0])
