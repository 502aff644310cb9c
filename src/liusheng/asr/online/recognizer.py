"""Streaming models through sherpa-onnx: transducers, CTC and Paraformer, decoded chunk by chunk.

The streams of a batch take their decoding steps together (`decode_streams`); what a stream is and
how it survives the loss of its process is in `liusheng.asr.online.stream`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import sherpa_onnx

from liusheng.asr.capabilities import Capabilities, Hotwords, NotSupportedError
from liusheng.asr.online.second_pass import SecondPass
from liusheng.asr.online.silence import SilenceRules
from liusheng.asr.online.state import ChunkTiming, StreamState, new_state
from liusheng.asr.online.stream import LiveStream
from liusheng.asr.options import BEAM, GREEDY, OnlineOptions
from liusheng.asr.recognizer import Outcome, StateLostError, Turn
from liusheng.asr.sherpa.metadata import ModelFormatError, read_metadata, read_vocabulary
from liusheng.asr.sherpa.tokens import Vocabulary, languages_of
from liusheng.asr.types import SAMPLE_RATE, StreamParams, Utterance
from liusheng.asr.vad.silero import SileroVad, SpeechDetector
from liusheng.models.types import InstalledModel, Kind

_NO_HOTWORDS = (
    f"transducers do, with the setting asr.online.decoding_method = {BEAM!r}, if their tokens are "
    "Chinese characters or they come with a bpe.vocab"
)


def load(
    model: InstalledModel,
    options: OnlineOptions | None = None,
    detector: SpeechDetector | None = None,
    second_pass: SecondPass | None = None,
) -> SherpaOnline:
    """Load an online model of one of the four ONLINE_* kinds.

    detector: detects silence; by default Silero's model.
    second_pass: decodes closed utterances again.

    Its files (roles) are: encoder, decoder, joiner, tokens for a transducer; encoder, decoder,
    tokens for Paraformer; model, tokens for CTC.

    Raises:
        ModelFormatError: when the files are not a model of that kind.
        NotSupportedError: when the model's kind cannot decode as `options` ask.
        ValueError: when an utterance may be longer than the second pass can decode.
    """
    options = options or OnlineOptions()
    if options.decoding_method != GREEDY and model.kind is not Kind.ONLINE_TRANSDUCER:
        raise NotSupportedError(
            f"model {model.name!r} is no transducer and can only decode with {GREEDY!r}"
        )
    if second_pass and options.rule3_min_utterance_length + 2 > second_pass.engine.max_seconds:
        raise ValueError(
            f"{second_pass.engine.name} decodes at most {second_pass.engine.max_seconds:g} s at "
            "once: as a second pass it needs a rule3_min_utterance_length of 2 s less, not "
            f"{options.rule3_min_utterance_length:g}"
        )
    metadata = read_metadata(model)
    vocabulary = read_vocabulary(model, metadata)
    timing = _timing(model.kind, metadata)
    unit = _modeling_unit(model, vocabulary) if options.decoding_method == BEAM else ""
    characters = vocabulary.encodable(_pieces(model)) if unit else frozenset()
    native = _native(model, options, timing, unit)
    silence = _silence(options, detector or SileroVad()) if options.skip_silence else None
    recognizer = SherpaOnline(
        model, options, native, vocabulary, timing, unit, characters, silence, second_pass
    )
    recognizer.warm_up()
    return recognizer


def _silence(options: OnlineOptions, detector: SpeechDetector) -> SilenceRules:
    return SilenceRules.of_seconds(
        detector,
        options.speech_threshold,
        pre_roll=options.pre_roll,
        hang_over=options.hang_over,
        endpoint=options.rule2_min_trailing_silence,
        no_text=options.rule1_min_trailing_silence,
    )


def _modeling_unit(model: InstalledModel, vocabulary: Vocabulary) -> str:
    """Return how the library is to spell hotwords in tokens; "": it cannot."""
    if "bpe_vocab" in model.files:
        return "cjkchar+bpe" if vocabulary.has_han else "bpe"
    return "cjkchar" if vocabulary.has_han else ""


def _pieces(model: InstalledModel) -> frozenset[str] | None:
    """Return the symbols of a model's bpe.vocab; None if it has none.

    Raises:
        ModelFormatError: it cannot be read; the library would end the process.
    """
    path = model.files.get("bpe_vocab")
    if path is None:
        return None
    found = set()
    try:
        for line in path.read_text(encoding="utf-8").strip("\n").split("\n"):
            piece, score = filter(None, re.split("[ \t]+", line))  # as in C++: ASCII spaces only
            found.add(piece)
            float(score)
    except (OSError, ValueError) as error:  # UnicodeDecodeError is one
        raise ModelFormatError(
            f"model {model.name!r}: {path} is no list of pieces and scores: {error}"
        ) from error
    return frozenset(found)


def _timing(kind: Kind, metadata: dict[str, dict[str, str]]) -> ChunkTiming:
    try:
        if kind is Kind.ONLINE_PARAFORMER:
            # Constants of the library (online-recognizer-paraformer-impl.h): of 61 frames the
            # last 18 are decoded again, with what follows them, before they give tokens.
            return ChunkTiming(window=61, shift=60, ratio=None, lag=0.18)
        if kind is Kind.ONLINE_NEMO_CTC:
            facts = metadata["model"]
            ratio = int(facts["subsampling_factor"]) / 4
            return ChunkTiming(int(facts["window_size"]), int(facts["chunk_shift"]), ratio)
        facts = metadata["encoder" if kind is Kind.ONLINE_TRANSDUCER else "model"]
        return ChunkTiming(int(facts["T"]), int(facts["decode_chunk_len"]), ratio=1.0)
    except ValueError as error:
        raise ModelFormatError(
            f"the metadata of the chunk's size are no numbers: {error}"
        ) from error


def _native(
    model: InstalledModel, options: OnlineOptions, timing: ChunkTiming, unit: str
) -> sherpa_onnx.OnlineRecognizer:
    # The library counts trailing silence in output frames that it takes for 40 ms.
    silence = 1 / (timing.ratio or 1.0)
    common: dict[str, Any] = {
        "tokens": str(model.files["tokens"]),
        "num_threads": options.threads,
        "decoding_method": options.decoding_method,
        "enable_endpoint_detection": True,
        "rule1_min_trailing_silence": options.rule1_min_trailing_silence * silence,
        "rule2_min_trailing_silence": options.rule2_min_trailing_silence * silence,
        "rule3_min_utterance_length": options.rule3_min_utterance_length,
    }
    files = {role: str(path) for role, path in model.files.items()}
    recognizer = sherpa_onnx.OnlineRecognizer
    if model.kind is Kind.ONLINE_TRANSDUCER:
        return recognizer.from_transducer(
            encoder=files["encoder"],
            decoder=files["decoder"],
            joiner=files["joiner"],
            max_active_paths=options.max_active_paths,
            hotwords_score=options.hotwords_score,
            modeling_unit=unit or "cjkchar",
            bpe_vocab=files.get("bpe_vocab", "") if unit else "",
            **common,
        )
    if model.kind is Kind.ONLINE_PARAFORMER:
        return recognizer.from_paraformer(
            encoder=files["encoder"], decoder=files["decoder"], **common
        )
    if model.kind is Kind.ONLINE_ZIPFORMER2_CTC:
        return recognizer.from_zipformer2_ctc(model=files["model"], **common)
    return recognizer.from_nemo_ctc(model=files["model"], **common)


class SherpaOnline:
    """A `Recognizer` over a sherpa-onnx `OnlineRecognizer`."""

    def __init__(
        self,
        model: InstalledModel,
        options: OnlineOptions,
        native: sherpa_onnx.OnlineRecognizer,
        vocabulary: Vocabulary,
        timing: ChunkTiming,
        unit: str,
        hotword_characters: frozenset[str],
        silence: SilenceRules | None,
        second_pass: SecondPass | None,
    ) -> None:
        self.name = model.name
        self._unit = unit
        self._hotword_characters = hotword_characters
        self.languages = languages_of(model.languages, vocabulary)
        self.sticky = True
        self._options = options
        self._native = native
        self._vocabulary = vocabulary
        self._timing = timing
        self._silence = silence
        self._second_pass = second_pass
        self._live: dict[str, LiveStream] = {}

    def warm_up(self) -> None:
        """Compute something once: what libraries put off until then is no speaker's to wait for."""
        samples = np.zeros(self._timing.due(1) + SAMPLE_RATE // 10, np.float32)
        if self._silence:
            self._silence.detect(self._silence.begin(0), samples)
        stream = self._native.create_stream()
        stream.accept_waveform(SAMPLE_RATE, samples.tolist())
        self._native.decode_streams([stream])

    def capabilities(self, lang: str) -> Capabilities:
        """Return what the model can do; punctuation is the second pass's."""
        hotwords = {"": Hotwords.NONE, "cjkchar": Hotwords.HAN}.get(self._unit, Hotwords.ANY)
        engine = self._second_pass.engine if self._second_pass else None
        return Capabilities(
            self.name,
            hotwords=hotwords,
            why_no_hotwords=_NO_HOTWORDS,
            hotword_characters=self._hotword_characters,
            punctuation=engine is not None
            and engine.punctuates
            and lang in ("auto", *engine.languages),
        )

    def open(self, params: StreamParams) -> StreamState:
        """Return the state of a new stream."""
        if params.lang != "auto" and params.lang not in self.languages:
            raise NotSupportedError(
                f"model {self.name!r} does not know the language {params.lang!r}; "
                f"it knows: {', '.join(self.languages)}"
            )
        self.capabilities(params.lang).check(params)
        return new_state(params)

    def prepare(self, turn: Turn) -> Turn:
        """Return the turn; see `Recognizer.prepare`."""
        return turn

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        """Take one turn for each of some streams; see `Recognizer.advance`.

        Streams of models that were quantised dynamically (most int8 files) share the scale of
        their activations within a batch, so that what shares a step with a stream can change its
        text where two tokens are about equally likely; with other models it is rounding only.
        """
        lost = [turn.state.stream for turn in turns if not self._can_resume(turn)]
        if lost:
            raise StateLostError(f"streams that are not in this process need older audio: {lost}")
        # A stream leaves the cache while it is worked on: if anything fails on the way, it is
        # rebuilt from its last state and does not continue from the middle of this turn.
        live = [self._resume(turn) for turn in turns]
        for stream, turn in zip(live, turns, strict=True):
            stream.feed(turn.pcm, turn.start, turn.last)
        waiting = [stream for stream in live if stream.ready()]
        while waiting:
            for start in range(0, len(waiting), self._options.batch):
                batch = waiting[start : start + self._options.batch]
                self._native.decode_streams([stream.native for stream in batch])
            for stream in waiting:
                stream.step()
            waiting = [stream for stream in waiting if stream.ready()]
        for stream, turn in zip(live, turns, strict=True):
            if turn.last:
                stream.close()
        closed = self._closed(turns, live)
        outcomes = []
        for stream, turn in zip(live, turns, strict=True):
            if not turn.last:
                self._live[turn.state.stream] = stream
            outcomes.append(stream.outcome([next(closed) for _ in stream.closed]))
        return outcomes

    def _closed(self, turns: Sequence[Turn], live: Sequence[LiveStream]) -> Iterator[Utterance]:
        """Return the utterances that the turns closed, stream by stream, as they stay."""
        spoken = [
            (turn.state.params, each)
            for stream, turn in zip(live, turns, strict=True)
            for each in stream.closed
        ]
        if self._second_pass:
            return iter(self._second_pass.decode(spoken))
        return iter([each.utterance for _, each in spoken])

    def forget(self, states: Sequence[StreamState]) -> None:
        """Free the native streams of streams that ended."""
        for state in states:
            self._live.pop(state.stream, None)

    def _can_resume(self, turn: Turn) -> bool:
        state: StreamState = turn.state
        live = self._live.get(state.stream)
        if live is not None and live.follows(state):
            return turn.start <= live.end
        return turn.start <= state.origin

    def _resume(self, turn: Turn) -> LiveStream:
        state: StreamState = turn.state
        live = self._live.pop(state.stream, None)
        if live is not None and live.follows(state):
            return live
        return LiveStream(
            self._native,
            self._vocabulary,
            self._timing,
            appends_only=self._options.decoding_method == GREEDY,
            languages=self.languages,
            silence=self._silence,
            second_pass=self._second_pass is not None,
            state=state,
        )
