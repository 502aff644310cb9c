"""Where a stream can be continued by another server: a value without audio."""

from __future__ import annotations

from dataclasses import dataclass

from liusheng.asr.vad.segments import SpeechActivity


@dataclass(frozen=True)
class AudioCheckpoint:
    """How far a stream's audio was worked on. Positions are samples from the start of the stream.

    needs, taken, final_until, speech, speech_state: as of `StreamAudio`.
    begin: the audio from here on is needed.
    """

    begin: int
    needs: int
    taken: int
    final_until: int
    speech: SpeechActivity
    speech_state: bytes | None


@dataclass(frozen=True)
class StreamCheckpoint:
    """All that is needed of a stream besides its parameters and its audio from `audio.begin` on.

    Whoever has the same model and continues from here gets what an unbroken stream would have led
    to, as far as the model's results depend on the audio alone.

    state: of the recogniser (see `liusheng.asr.state_codec`).
    index: of the open utterance.
    """

    state: bytes
    index: int
    audio: AudioCheckpoint
