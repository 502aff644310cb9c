"""SenseVoice (An et al. 2024) and Paraformer (Gao et al. 2022) through sherpa-onnx.

Neither is autoregressive: they do not loop, and a partial costs as much as a final.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sherpa_onnx

from liusheng.asr.capabilities import Batching
from liusheng.asr.offline.engine import Decoded, Effort, Window
from liusheng.asr.options import SherpaOfflineOptions
from liusheng.asr.sherpa.metadata import read_metadata, read_vocabulary
from liusheng.asr.sherpa.tokens import Token, Vocabulary, language_of, languages_of
from liusheng.asr.text.pieces import Piece, spread
from liusheng.asr.types import SAMPLE_RATE
from liusheng.models.types import InstalledModel, Kind

_MIN_SECONDS = 0.4
"""The library needs seven feature frames; shorter windows are padded with silence."""


def load(model: InstalledModel, options: SherpaOfflineOptions | None = None) -> SherpaOffline:
    """Load a SENSE_VOICE or OFFLINE_PARAFORMER model; its files (roles) are model and tokens.

    Raises:
        ModelFormatError: the files are not a model of that kind.
        ValueError: the model does not know the language of the options.
    """
    metadata = read_metadata(model)
    vocabulary = read_vocabulary(model, metadata)
    return SherpaOffline(model, vocabulary, options or SherpaOfflineOptions())


class SherpaOffline:
    """An `OfflineEngine` over a sherpa-onnx `OfflineRecognizer`."""

    max_seconds = 30.0
    batching = Batching.ALL

    def __init__(
        self, model: InstalledModel, vocabulary: Vocabulary, options: SherpaOfflineOptions
    ) -> None:
        self.name = model.name
        self.languages = languages_of(model.languages, vocabulary)
        # SenseVoice writes punctuation only together with its inverse text normalisation.
        self.translates = False
        self.punctuates = model.kind is Kind.SENSE_VOICE and options.itn
        self._model = model
        self._vocabulary = vocabulary
        self._options = options
        # The library sets SenseVoice's language when it loads the model (version 2.0: streams have
        # an option "language", which this model does not read). To load it for each language would
        # take its memory as often, or the time of many batches inside a turn. Therefore it is
        # loaded once, and finds the languages by itself where it may be several.
        told = options.language if model.kind is Kind.SENSE_VOICE else "auto"
        if told != "auto":
            if told not in self.languages:
                raise ValueError(
                    f"asr.sherpa_offline.language: {model.name} does not recognise {told!r}; "
                    f"it has: {', '.join(self.languages)}"
                )
            self.languages = (told,)
        self._recognizer = self._load(told)

    def prepare(self, window: Window, effort: Effort) -> Window:
        """Return the window; see `OfflineEngine.prepare`."""
        return window

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        """Decode windows; see `OfflineEngine.decode`. Partials and finals are the same."""
        results: dict[int, Decoded] = {}
        # A batch has similar lengths, since it is padded to the longest.
        order = sorted(range(len(windows)), key=lambda i: len(windows[i].samples))
        for start in range(0, len(order), self._options.batch):
            batch = order[start : start + self._options.batch]
            streams = [self._stream(windows[i]) for i in batch]
            self._recognizer.decode_streams(streams)
            for i, stream in zip(batch, streams, strict=True):
                results[i] = self._decoded(windows[i], stream.result)
        return [results[i] for i in range(len(windows))]

    def _load(self, lang: str) -> sherpa_onnx.OfflineRecognizer:
        files = {role: str(path) for role, path in self._model.files.items()}
        recognizer = sherpa_onnx.OfflineRecognizer
        threads = self._options.threads
        if self._model.kind is Kind.SENSE_VOICE:
            return recognizer.from_sense_voice(
                model=files["model"],
                tokens=files["tokens"],
                num_threads=threads,
                language=lang,
                use_itn=self._options.itn,
            )
        return recognizer.from_paraformer(
            paraformer=files["model"], tokens=files["tokens"], num_threads=threads
        )

    def _stream(self, window: Window) -> sherpa_onnx.OfflineStream:
        samples = window.samples
        missing = int(_MIN_SECONDS * SAMPLE_RATE) - len(samples)
        if missing > 0:
            samples = np.concatenate([samples, np.zeros(missing, np.float32)])
        stream = self._recognizer.create_stream()
        stream.accept_waveform(SAMPLE_RATE, samples)
        return stream

    def _decoded(self, window: Window, result: sherpa_onnx.OfflineRecognitionResult) -> Decoded:
        seconds = len(window.samples) / SAMPLE_RATE
        # Some exports of Paraformer have no timestamps: pieces are spread evenly.
        timed = len(result.timestamps) == len(result.tokens)
        times = result.timestamps if timed else [0.0] * len(result.tokens)
        tokens = [Token(t, round(at, 3)) for t, at in zip(result.tokens, times, strict=True)]
        pieces = self._vocabulary.pieces(tokens, until=seconds)
        if not timed:
            pieces = spread([piece.text for piece in pieces], 0.0, seconds)
        return Decoded(pieces, self._language(window, result.lang, pieces))

    def _language(self, window: Window, tag: str, pieces: Sequence[Piece]) -> str:
        """Return the language: as requested, as SenseVoice tags it ("<|yue|>"), or by script."""
        if window.lang != "auto":
            return window.lang
        found = tag.strip("<|>")
        if found in self.languages:
            return found
        return language_of("".join(piece.text for piece in pieces), self.languages)
