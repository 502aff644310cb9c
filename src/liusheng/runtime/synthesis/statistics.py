"""What the synthesis service counts, for those who observe it."""

from __future__ import annotations

from liusheng.runtime.histogram import Histogram


class SynthesisStatistics:
    """Sums since the start of the service. Durations are in seconds.

    step_seconds: how long steps of workers took; busy_seconds: for which the workers were busy with
        all of them (see `liusheng.runtime.load`); audio_seconds: of the audio that they made.
    first_packets: how long speeches waited for their first audio.
    failed: speeches that ended with an error.
    """

    def __init__(self) -> None:
        self.step_seconds = Histogram()
        self.busy_seconds = 0.0
        self.audio_seconds = 0.0
        self.first_packets = Histogram()
        self.failed = 0

    def stepped(self, seconds: float, busy: float, audio: float) -> None:
        """A step took so many seconds, and made so many of audio."""
        self.step_seconds.observe(seconds)
        self.busy_seconds += busy
        self.audio_seconds += audio

    def began(self, seconds: float) -> None:
        """A speech has its first audio, so long after the request."""
        self.first_packets.observe(seconds)
