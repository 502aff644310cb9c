"""All options of recognition. The server's settings `asr.*` are these groups and fields.

Durations are in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from liusheng.models.devices import Device


@dataclass(frozen=True)
class VadOptions:
    """Voice activity detection and endpoints.

    threshold: speech probability from which a frame is speech.
    release: speech probability below which a frame inside an utterance is silence.
    onset: duration of speech, with shorter gaps, that opens an utterance; shorter sounds (clicks,
        knocks) do not.
    pre_roll: audio kept before the first speech frame.
    hang_over: audio kept after the last speech frame.
    endpoint: silence that closes an utterance.
    endpoint_long: the same for an utterance that is longer than `long_after`.
    long_after: see endpoint_long.
    max_utterance: maximum duration of an utterance; a longer one is cut at the best pause in its
        last part.
    """

    threshold: float = 0.5
    release: float = 0.35
    onset: float = 0.16
    pre_roll: float = 0.5
    hang_over: float = 0.25
    endpoint: float = 0.8
    endpoint_long: float = 0.45
    long_after: float = 10.0
    max_utterance: float = 20.0

    def __post_init__(self) -> None:
        if not 0 < self.release <= self.threshold < 1:
            raise ValueError(
                "the VAD needs 0 < release <= threshold < 1, "
                f"not release {self.release} and threshold {self.threshold}"
            )
        if not 0 < self.hang_over <= self.endpoint_long <= self.endpoint:
            raise ValueError(
                "the VAD needs 0 < hang_over <= endpoint_long <= endpoint, not "
                f"{self.hang_over}, {self.endpoint_long} and {self.endpoint}"
            )
        if not self.endpoint < self.long_after <= self.max_utterance:
            raise ValueError(
                "the VAD needs endpoint < long_after <= max_utterance, "
                f"not {self.endpoint}, {self.long_after} and {self.max_utterance}"
            )
        if not (0 < self.onset <= 1 and 0 <= self.pre_roll <= 5):
            raise ValueError(
                "the VAD needs 0 < onset <= 1 and 0 <= pre_roll <= 5, "
                f"not {self.onset} and {self.pre_roll}"
            )

    def ending_after(self, pause: float | None) -> VadOptions:
        """Return the options of a stream that sets its endpoint (seconds); None: it does not.

        Options that must not exceed the endpoint are reduced to it.
        """
        if pause is None:
            return self
        return replace(
            self,
            endpoint=pause,
            endpoint_long=min(self.endpoint_long, pause),
            hang_over=min(self.hang_over, pause),
            long_after=max(self.long_after, pause + self.onset),
        )


@dataclass(frozen=True)
class LiveOptions:
    """Live decoding with an offline model.

    interval: new speech after which an open utterance is decoded again. A caller that hands in
        audio less often determines the interval itself.
    settle: silence after which an open utterance is decoded as a final, so that the text is ready
        at the endpoint or at the end of the audio. The window of a final ends there, or after
        `vad.hang_over` if that is less, whatever has arrived by then.
    hold: pieces that end less than this before the end of the speech are not stable, even if two
        decodes agree on them.
    trim: a window longer than this is cut at the end of a stable piece.
    keep: speech that a cut leaves in the window.
    """

    vad: VadOptions = field(default_factory=VadOptions)
    interval: float = 0.3
    settle: float = 0.12
    hold: float = 4.0
    trim: float = 12.0
    keep: float = 4.0

    def __post_init__(self) -> None:
        for name in ("interval", "settle", "hold", "trim", "keep"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} cannot be negative: {getattr(self, name)}")
        if self.keep >= self.trim:
            raise ValueError(f"keep ({self.keep}) must be less than trim ({self.trim})")


COMPUTE_TYPES = (
    "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16",
    "float16", "bfloat16", "float32", "default", "auto",
)  # fmt: skip


@dataclass(frozen=True)
class WhisperOptions:
    """Decoding with Whisper.

    compute_type: of CTranslate2: int8, int8_float32, float32, ... (float16 needs a GPU).
    threads: intra-op threads; one, because workers are processes.
    pad_partial, pad_final: seconds of silence after the speech instead of a 30 s window. With less
        than 2 s, Whisper loops. Finals that others wait for have a partial's, which costs a fifth
        less.
    beam: beam size of finals; partials are greedy.
    hypotheses: beam size of Mandarin finals whose hypotheses are corrected together (see
        `CorrectionOptions.rescored`).
    second_final: decode other Mandarin finals a second time, with a prompt, and keep the likelier
        text by the language model of the correction; a final then costs two thirds more.
    mandarin_vocabulary: on the CPU, decode Mandarin with the tokens that it needs, 30 % of all, by
        a second decoder; a text with more Latin letters than a name has is then decoded again with
        all. Only where the embeddings are a third of the decoder or more: tiny, base and
        large-v3-turbo.
    tokens_per_second: maximum of tokens of a window, by its length (plus a fixed 15).
    batch: maximum of windows in a batch.
    no_speech: no-speech probability above which a window has no text, unless the detector is
        certain of speech and the text is likely. (Nearly all recordings of speech had at most 0.22,
        noises and music at least 0.63.)
    hopeless_score: mean log probability of a token below which a window has no text.
    compression: zlib compression ratio above which a text is a loop.
    """

    compute_type: str = "int8"
    threads: int = 1
    pad_partial: float = 2.0
    pad_final: float = 4.0
    beam: int = 2
    hypotheses: int = 5
    second_final: bool = False
    mandarin_vocabulary: bool = True
    tokens_per_second: float = 20.0
    batch: int = 8
    no_speech: float = 0.6
    hopeless_score: float = -1.8
    compression: float = 2.4

    def __post_init__(self) -> None:
        if self.compute_type not in COMPUTE_TYPES:
            raise ValueError(
                f"compute_type {self.compute_type!r}: expected one of {', '.join(COMPUTE_TYPES)}"
            )
        for name in ("threads", "beam", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1: {getattr(self, name)}")
        if not 2 <= self.hypotheses <= 10:
            raise ValueError(f"hypotheses must be 2 to 10, not {self.hypotheses}")
        if not (0 <= self.pad_partial <= 30 and 0 <= self.pad_final <= 30):
            raise ValueError(
                "pad_partial and pad_final are seconds of a 30 s window, not "
                f"{self.pad_partial} and {self.pad_final}"
            )
        if self.tokens_per_second <= 0:
            raise ValueError(f"tokens_per_second must be above zero: {self.tokens_per_second}")
        if not 0 <= self.no_speech <= 1:
            raise ValueError(f"no_speech is a probability, 0 to 1: {self.no_speech}")
        if self.compression <= 1:
            raise ValueError(f"compression must be above 1: {self.compression}")


@dataclass(frozen=True)
class MoonshineOptions:
    """Decoding with Moonshine.

    threads: intra-op threads; one, because workers are processes.
    align: align words by a Whisper model, if one for the language is loaded and no stream waits for
        a turn. Otherwise words are spread over the speech by their length: Moonshine has no times.
    """

    threads: int = 1
    align: bool = True


GREEDY = "greedy_search"
BEAM = "modified_beam_search"


@dataclass(frozen=True)
class OnlineOptions:
    """Decoding with online models (sherpa-onnx).

    threads: intra-op threads; one, because workers are processes.
    decoding_method: "greedy_search", or, for transducers, "modified_beam_search".
    max_active_paths: the width of the beam.
    hotwords_score: bonus for each token of a hotword, a natural logarithm of a probability.
    rule1_min_trailing_silence: silence without words after which the decoder is reset.
    rule2_min_trailing_silence: silence after words that closes an utterance.
    rule3_min_utterance_length: maximum duration of an utterance.
    second_pass: an offline model that decodes each closed utterance again for its final text: a
        name in the catalogue or a folder; "": none.
    skip_silence: do not compute audio in which neither the model nor the detector finds speech.
    speech_threshold: speech probability from which a frame may be speech. It is low, because a
        false detection only costs time.
    pre_roll: audio before detected speech that is computed.
    hang_over: silence after speech that is computed, so that the model emits its last tokens.
    batch: maximum of streams in a batch.
    """

    threads: int = 1
    decoding_method: str = GREEDY
    max_active_paths: int = 4
    hotwords_score: float = 1.5
    rule1_min_trailing_silence: float = 2.4
    rule2_min_trailing_silence: float = 1.2
    rule3_min_utterance_length: float = 20.0
    second_pass: str = ""
    skip_silence: bool = True
    speech_threshold: float = 0.3
    pre_roll: float = 0.5
    hang_over: float = 0.6
    batch: int = 8

    def __post_init__(self) -> None:
        if self.decoding_method not in (GREEDY, BEAM):
            raise ValueError(
                f"decoding_method {self.decoding_method!r}: expected {GREEDY!r} or {BEAM!r}"
            )
        if self.hotwords_score <= 0:
            raise ValueError(f"hotwords_score must be above zero: {self.hotwords_score}")
        if min(self.rule1_min_trailing_silence, self.rule2_min_trailing_silence) <= 0:
            raise ValueError(
                "the endpoint rules need silences above zero, not "
                f"{self.rule1_min_trailing_silence} and {self.rule2_min_trailing_silence}"
            )
        if self.rule3_min_utterance_length < 5:
            raise ValueError(
                "rule3_min_utterance_length must be at least 5, as the speech around a cut is "
                f"decoded twice: {self.rule3_min_utterance_length}"
            )
        if not 0 < self.speech_threshold < 1:
            raise ValueError(
                f"speech_threshold is a probability, above 0 and below 1: {self.speech_threshold}"
            )
        if self.pre_roll < 0.2 or self.hang_over < 0.4:
            raise ValueError(
                "the first and the last sounds of speech need a pre_roll of at least 0.2 and a "
                f"hang_over of at least 0.4, not {self.pre_roll} and {self.hang_over}"
            )
        for name in ("threads", "max_active_paths", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1: {getattr(self, name)}")


@dataclass(frozen=True)
class SherpaOfflineOptions:
    """Decoding with SenseVoice and offline Paraformer (sherpa-onnx).

    threads: intra-op threads; one, because workers are processes.
    batch: maximum of windows in a batch.
    itn: SenseVoice writes numbers as figures, and punctuation.
    language: the only one that SenseVoice recognises, which it is told; "auto": it finds the
        language of each window by itself, whatever a stream asks for.
    """

    threads: int = 1
    batch: int = 8
    itn: bool = True
    language: str = "auto"


@dataclass(frozen=True)
class CorrectionOptions:
    """Correction of homophones in Whisper's Mandarin.

    Penalties are for each changed character, in log10 of a probability: the lower they are, the
    more is changed.

    model: the language model, a name in the catalogue or a folder; "": no correction.
    penalty_same: for a character of the same sound.
    penalty_tone: for a character that differs in its tone.
    penalty_accent: for one that differs in zh and z, ch and c, sh and s, or final ng and n.
    beam: maximum of paths at a position.
    candidates: maximum of words of each length at a position.
    rescored: maximum of corrections of a final, of all its hypotheses together, of which the one is
        chosen that the audio fits best, where no stream waits; 0: the likeliest hypothesis is
        corrected.
    """

    model: str = "libime-zh"
    penalty_same: float = 1.5
    penalty_tone: float = 2.5
    penalty_accent: float = 3.0
    beam: int = 4
    candidates: int = 10
    rescored: int = 6

    def __post_init__(self) -> None:
        for name in ("penalty_same", "penalty_tone", "penalty_accent"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} cannot be negative: {getattr(self, name)}")
        if self.rescored < 0:
            raise ValueError(f"rescored cannot be negative: {self.rescored}")
        for name in ("beam", "candidates"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1: {getattr(self, name)}")


@dataclass(frozen=True)
class AsrOptions:
    """The options of all parts.

    languages: that "auto" chooses from, where a stream does not say; empty: all that the model has.
    device: that the models compute on.
    """

    languages: tuple[str, ...] = ()
    device: Device = "cpu"
    live: LiveOptions = field(default_factory=LiveOptions)
    whisper: WhisperOptions = field(default_factory=WhisperOptions)
    moonshine: MoonshineOptions = field(default_factory=MoonshineOptions)
    online: OnlineOptions = field(default_factory=OnlineOptions)
    sherpa_offline: SherpaOfflineOptions = field(default_factory=SherpaOfflineOptions)
    correction: CorrectionOptions = field(default_factory=CorrectionOptions)
