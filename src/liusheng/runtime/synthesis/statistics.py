"""What the synthesis service counts, for those who observe it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class SynthesisStatistics:
    """Sums since the start of the server. Durations are in seconds.

    steps, step_seconds, audio_seconds: steps of workers, what they took, the audio that they made.
    first_packets, first_packet_seconds: speeches that got their first audio, and their waits for
        it; `slowest_first_packet` of the longest.
    """

    steps: int = 0
    step_seconds: float = 0.0
    audio_seconds: float = 0.0
    first_packets: int = 0
    first_packet_seconds: float = 0.0
    slowest_first_packet: float = 0.0

    def stepped(self, seconds: float, audio: float) -> None:
        """A step took so many seconds, and made so many of audio."""
        self.steps += 1
        self.step_seconds += seconds
        self.audio_seconds += audio

    def began(self, seconds: float) -> None:
        """A speech has its first audio, so long after the request."""
        self.first_packets += 1
        self.first_packet_seconds += seconds
        self.slowest_first_packet = max(self.slowest_first_packet, seconds)
