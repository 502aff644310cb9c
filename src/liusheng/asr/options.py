"""Every knob of live recognition, in one place; they become settings of the server.

All durations are in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class VadOptions:
    """Where utterances begin and end.

    threshold: a frame whose speech probability reaches this is speech.
    release: inside an utterance a frame stays speech until its probability falls below this.
    onset: so much speech, gaps of less than the same length not counted against it, opens an
        utterance; shorter sounds (clicks, knocks) are not speech.
    pre_roll: audio kept from before the first speech frame, so that no first sound is lost.
    hang_over: audio kept after the last speech frame, so that no last sound is lost.
    endpoint: so much silence closes an utterance.
    endpoint_long: the same for an utterance that has reached `long`: a speaker who goes on and on
        is cut at lesser pauses.
    long: see endpoint_long.
    longest: an utterance never grows beyond this; it is cut at the best pause in its last part.
    """

    threshold: float = 0.5
    release: float = 0.35
    onset: float = 0.16
    pre_roll: float = 0.5
    hang_over: float = 0.25
    endpoint: float = 0.8
    endpoint_long: float = 0.45
    long: float = 10.0
    longest: float = 20.0

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
        if not self.endpoint < self.long <= self.longest:
            raise ValueError(
                "the VAD needs endpoint < long <= longest, "
                f"not {self.endpoint}, {self.long} and {self.longest}"
            )
        if not (0 < self.onset <= 1 and 0 <= self.pre_roll <= 5):
            raise ValueError(
                "the VAD needs 0 < onset <= 1 and 0 <= pre_roll <= 5, "
                f"not {self.onset} and {self.pre_roll}"
            )

    def ending_after(self, pause: float | None) -> VadOptions:
        """Return these for a stream that names its own endpoint, in seconds; None: it names none.

        What must not be longer than its endpoint follows it.
        """
        if pause is None:
            return self
        return replace(
            self,
            endpoint=pause,
            endpoint_long=min(self.endpoint_long, pause),
            hang_over=min(self.hang_over, pause),
            long=max(self.long, pause + self.onset),
        )


@dataclass(frozen=True)
class LiveOptions:
    """How an offline model is made live.

    interval: an open utterance is decoded again when so much speech is new. A caller that hands in
        audio less often sets the pace itself.
    settle: after so much silence an open utterance is decoded with the care of a final, so that its
        endpoint, or the end of the audio, finds the text ready. Silence stands for what is not
        heard yet of the audio that is kept after speech (`vad.hang_over`).
    hold: pieces that end less than this before the end of the speech are not yet stable, even if
        two decodes agree on them.
    trim: a window longer than this is cut at the end of a stable piece.
    keep: a cut leaves at least so much speech in the window.
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
    """How Whisper is decoded.

    compute_type: of CTranslate2: int8, int8_float32, float32, ... (float16 needs a GPU).
    threads: intra-op threads; one, because workers are processes.
    pad_partial, pad_final: seconds of silence after the speech instead of a 30 s window. Less
        than 2 s begins to loop.
    beam: of finals; partials are greedy.
    second_final: Mandarin finals are decoded a second time, with a prompt, and what the language
        model of the correction finds likelier is kept; it makes a final two thirds dearer.
    tokens_per_second: cap on the tokens of a window, by its length (plus a fixed 15).
    batch: windows decoded together at most.
    no_speech: with a no-speech probability above this a window has no speech in it. (Recordings of
        speech had at most 0.22, noises and music at least 0.63.)
    hopeless_score: a window that scores below this has no words in it.
    compression: a text that zlib shrinks by more than this factor is a loop.
    """

    compute_type: str = "int8"
    threads: int = 1
    pad_partial: float = 2.0
    pad_final: float = 4.0
    beam: int = 2
    second_final: bool = False
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
    """How Moonshine is decoded.

    threads: intra-op threads; one, because workers are processes.
    align: words are placed by a Whisper model's alignment, where a worker has one that knows the
        language, and no stream waits for a turn; otherwise they are spread over the speech by their
        length, as Moonshine does not tell where they are.
    """

    threads: int = 1
    align: bool = True


GREEDY = "greedy_search"
BEAM = "modified_beam_search"


@dataclass(frozen=True)
class OnlineOptions:
    """How online models are decoded (sherpa-onnx).

    threads: intra-op threads; one, because workers are processes.
    decoding_method: "greedy_search", or, for transducers, "modified_beam_search".
    max_active_paths: the width of the beam.
    hotwords_score: how much each token of a hotword gains, in natural log of a probability.
    rule1_min_trailing_silence: so much silence begins a stream afresh although nothing was said.
    rule2_min_trailing_silence: so much silence after words closes an utterance.
    rule3_min_utterance_length: an utterance is closed at this length in any case.
    second_pass: an offline model that hears each closed utterance again, and whose text stays: a
        name in the catalogue or a folder; "": none.
    skip_silence: silence is not computed: where neither the model nor the speech detector notices
        speech, the model rests.
    speech_threshold: from this probability on the detector's frame may be speech; a low one, for
        what is taken for speech by mistake only costs time.
    pre_roll: audio before the speech that wakes the model up, which it hears first.
    hang_over: silence after speech that the model still computes, so that it gives its last tokens.
    batch: streams that take a step together at most.
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
    """How SenseVoice and offline Paraformer are decoded (sherpa-onnx).

    threads: intra-op threads; one, because workers are processes.
    batch: windows decoded together at most.
    itn: SenseVoice writes numbers as such, and punctuation.
    """

    threads: int = 1
    batch: int = 8
    itn: bool = True


@dataclass(frozen=True)
class CorrectionOptions:
    """How Whisper's Mandarin is corrected: of words that sound alike, the one that makes sense.

    Penalties are for each changed character, in log10 of a probability: the lower, the more is
    changed.

    model: the language model, a name in the catalogue or a folder; "": nothing is corrected.
    penalty_same: the other character sounds the same.
    penalty_tone: it sounds the same but for the tone.
    penalty_accent: but for zh and z, ch and c, sh and s, or ng and n at its end.
    beam: ways to read a text that are kept at a place.
    candidates: words of a length that are tried at a place.
    """

    model: str = "libime-zh"
    penalty_same: float = 1.5
    penalty_tone: float = 2.5
    penalty_accent: float = 4.0
    beam: int = 4
    candidates: int = 10

    def __post_init__(self) -> None:
        for name in ("penalty_same", "penalty_tone", "penalty_accent"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} cannot be negative: {getattr(self, name)}")
        for name in ("beam", "candidates"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1: {getattr(self, name)}")


@dataclass(frozen=True)
class AsrOptions:
    """All of it."""

    live: LiveOptions = field(default_factory=LiveOptions)
    whisper: WhisperOptions = field(default_factory=WhisperOptions)
    moonshine: MoonshineOptions = field(default_factory=MoonshineOptions)
    online: OnlineOptions = field(default_factory=OnlineOptions)
    sherpa_offline: SherpaOfflineOptions = field(default_factory=SherpaOfflineOptions)
    correction: CorrectionOptions = field(default_factory=CorrectionOptions)
