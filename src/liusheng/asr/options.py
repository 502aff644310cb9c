"""Every knob of live recognition, in one place; they become settings of the server.

All durations are in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field


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
    pre_roll: float = 0.4
    hang_over: float = 0.25
    endpoint: float = 0.7
    endpoint_long: float = 0.35
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


@dataclass(frozen=True)
class LiveOptions:
    """How an offline model is made live.

    interval: an open utterance is decoded again when so much speech is new. A caller that hands in
        audio less often sets the pace itself.
    settle: after so much silence an open utterance is decoded with the care of a final, so that its
        endpoint finds the text ready.
    hold: pieces that end less than this before the end of the speech are not yet stable, even if
        two decodes agree on them.
    trim: a window longer than this is cut at the end of a stable piece.
    keep: a cut leaves at least so much speech in the window.
    """

    vad: VadOptions = field(default_factory=VadOptions)
    interval: float = 0.3
    settle: float = 0.25
    hold: float = 1.0
    trim: float = 12.0
    keep: float = 4.0

    def __post_init__(self) -> None:
        for name in ("interval", "settle", "hold", "trim", "keep"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} cannot be negative: {getattr(self, name)}")
        if self.settle < self.vad.hang_over:
            # Otherwise a settled decode would not have heard all that its endpoint keeps.
            raise ValueError(
                f"settle ({self.settle}) must be at least the VAD's hang_over "
                f"({self.vad.hang_over})"
            )
        if self.keep >= self.trim:
            raise ValueError(f"keep ({self.keep}) must be less than trim ({self.trim})")


@dataclass(frozen=True)
class WhisperOptions:
    """How Whisper is decoded.

    compute_type: of CTranslate2: int8, int8_float32, float32, ... (float16 needs a GPU).
    threads: intra-op threads; one, because workers are processes.
    pad_partial, pad_final: seconds of silence after the speech instead of a 30 s window. Less
        than 2 s begins to loop.
    beam: of finals; partials are greedy.
    tokens_per_second: cap on the tokens of a window, by its length (plus a fixed 15).
    batch: windows decoded together at most.
    no_speech: with a no-speech probability above this and a score below `low_score`, a window has
        no speech in it (Radford et al. 2022, section 4.5).
    low_score: see no_speech.
    hopeless_score: a window that scores below this has no words in it.
    compression: a text that zlib shrinks by more than this factor is a loop.
    """

    compute_type: str = "int8"
    threads: int = 1
    pad_partial: float = 2.0
    pad_final: float = 4.0
    beam: int = 2
    tokens_per_second: float = 20.0
    batch: int = 8
    no_speech: float = 0.6
    low_score: float = -1.0
    hopeless_score: float = -1.8
    compression: float = 2.4


@dataclass(frozen=True)
class MoonshineOptions:
    """How Moonshine is decoded.

    threads: intra-op threads; one, because workers are processes.
    """

    threads: int = 1


@dataclass(frozen=True)
class AsrOptions:
    """All of it."""

    live: LiveOptions = field(default_factory=LiveOptions)
    whisper: WhisperOptions = field(default_factory=WhisperOptions)
    moonshine: MoonshineOptions = field(default_factory=MoonshineOptions)
