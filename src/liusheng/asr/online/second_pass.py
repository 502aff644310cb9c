"""The second pass of an online model: an offline model decodes each closed utterance again.

Partials are the online model's, final texts the offline model's. Where the offline model does not
support the utterance's language, or its result is empty, the online model's text is final.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from liusheng.asr.correction.corrector import Corrector
from liusheng.asr.live.utterance import OpenUtterance
from liusheng.asr.offline import second_hearing
from liusheng.asr.offline.engine import Decoded, Effort, OfflineEngine, Window
from liusheng.asr.text.pieces import Piece
from liusheng.asr.text.polish import polish
from liusheng.asr.text.spelling import likelier, speller
from liusheng.asr.types import SAMPLE_RATE, StreamParams, Utterance
from liusheng.asr.vad.certainty import certain_speech
from liusheng.asr.vad.silero import SpeechDetector
from liusheng.audio.level import louder
from liusheng.audio.pcm import BYTES_PER_SAMPLE, pcm_to_samples


@dataclass(frozen=True)
class FirstPass:
    """A closed utterance, as decoded by the online model, and its audio.

    begin: the first sample of the audio, from the start of the stream.
    pcm: the audio, PCM16; empty where there is no second pass.
    cut: whether the utterance was ended by its length.
    """

    utterance: Utterance
    begin: int
    pcm: bytes
    cut: bool


class SecondPass:
    """An offline engine that decodes utterances again.

    corrector: for Mandarin, where the engine's text is to be corrected.
    detector: of speech, so that none of it is left without text; None: that is not checked.
    """

    def __init__(
        self,
        engine: OfflineEngine,
        corrector: Corrector | None = None,
        detector: SpeechDetector | None = None,
    ) -> None:
        self.engine = engine
        self._corrector = corrector
        self._detector = detector

    def decode(self, first: Sequence[tuple[StreamParams, FirstPass]]) -> list[Utterance]:
        """Return the final utterances, in order; all are decoded in one call of the engine."""
        decodable = [
            (place, params, each)
            for place, (params, each) in enumerate(first)
            if each.utterance.lang in self.engine.languages
        ]
        utterances = [each.utterance for _, each in first]
        if decodable:
            windows = [self._window(params, each) for _, params, each in decodable]
            decoded = second_hearing.decode(self.engine, windows, Effort.FINAL)
            for (place, params, each), found in zip(decodable, decoded, strict=True):
                utterances[place] = self._rewritten(params, each, found) or each.utterance
        return utterances

    def _window(self, params: StreamParams, first_pass: FirstPass) -> Window:
        samples = louder(pcm_to_samples(first_pass.pcm))
        begin = first_pass.begin / SAMPLE_RATE
        first = first_pass.utterance
        certain = None
        if self._detector:
            _, found = self._detector.probabilities(self._detector.open(), samples)
            certain = certain_speech(found.astype("<f4").tobytes(), 0.0)
        return Window(
            samples,
            first.lang,
            timed=True,
            speech=(max(0.0, first.start - begin), first.end - begin),
            certain=certain,
            nbest=params.nbest,
        )

    def _rewritten(
        self, params: StreamParams, first_pass: FirstPass, decoded: Decoded
    ) -> Utterance | None:
        pieces: Sequence[Piece] = decoded.pieces
        spell = None
        if self._corrector and decoded.lang == "zh":
            spell = speller(self._corrector, params)
            if decoded.rival:
                pieces = likelier(self._corrector, params, pieces, decoded.rival)
        utterance = OpenUtterance(first_pass.begin).updated(
            _placed(params, first_pass, decoded.lang, pieces),
            lang=decoded.lang,
            decoded_until=0,
            final=True,
            horizon=0.0,
            spell=spell,
        )
        if params.nbest > 1:
            others = [(_placed(params, first_pass, decoded.lang, p), s) for p, s in decoded.others]
            utterance = utterance.reconsidered(decoded.score or 0.0, others, spell)
        first = first_pass.utterance
        longest = first_pass.begin / SAMPLE_RATE + _seconds(first_pass)
        found = utterance.closed(
            first.index, first.start, first.end, longest, first_pass.cut, params.nbest
        )
        return found and replace(found, start=found.words[0].start, end=found.words[-1].end)


def _placed(
    params: StreamParams, first_pass: FirstPass, lang: str, pieces: Sequence[Piece]
) -> list[Piece]:
    """Return what was decoded, as it is written, and where it is in the stream."""
    begin, longest = first_pass.begin / SAMPLE_RATE, _seconds(first_pass)
    return [
        replace(p, start=begin + min(p.start, longest), end=begin + min(p.end, longest))
        for p in polish(pieces, lang, params.script)
    ]


def _seconds(first_pass: FirstPass) -> float:
    return len(first_pass.pcm) / (BYTES_PER_SAMPLE * SAMPLE_RATE)
