"""Where speech is in a stream, as values: what a speech activity detector finds.

All positions are samples from the start of the stream.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from liusheng.asr.types import SAMPLE_RATE

FRAME = 512
"""Samples in a frame, 32 ms: the detector decides for each, so that segments are whole frames."""
FRAME_SECONDS = FRAME / SAMPLE_RATE


@dataclass(frozen=True)
class SpeechSegment:
    """An utterance's place in the audio.

    start, end: its first sample, and one past its last, pre-roll and hang-over included.
    speech_start, speech_end: the same of the speech itself.
    cut: it was ended by its length, not by a pause: the speaker went on.
    probabilities: of speech, from speech_start on, as of `OpenSegment`; empty where not known.
    """

    start: int
    end: int
    speech_start: int
    speech_end: int
    cut: bool = False
    probabilities: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True)
class OpenSegment:
    """The place of an utterance that has not ended.

    start, speech_start, speech_end: as of `SpeechSegment`, so far.
    end: as of `SpeechSegment`, if no more speech follows; may lie beyond the audio that there is.
    silence: samples since the last speech.
    probabilities: of speech, from speech_start on; float32, 4 bytes for each frame.
    """

    start: int
    end: int
    speech_start: int
    speech_end: int
    silence: int
    probabilities: bytes


@dataclass(frozen=True)
class SpeechActivity:
    """Where somebody speaks in a stream.

    end: the audio up to here has been through the detector.
    needs: audio before this belongs to no utterance that is open or may yet open.
    open: the open utterance, if there is one.
    closed: the utterances that have ended and that no turn has taken yet, in order.
    """

    end: int = 0
    needs: int = 0
    open: OpenSegment | None = None
    closed: tuple[SpeechSegment, ...] = ()

    def following(self, earlier: SpeechActivity) -> SpeechActivity:
        """Return this with the utterances that had ended before it, too."""
        return replace(self, closed=earlier.closed + self.closed)
