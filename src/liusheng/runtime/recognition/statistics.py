"""What the recognition service counts, for those who observe it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class RecognitionStatistics:
    """Sums since the start of the server. Durations are in seconds.

    batches: by the number of their streams.
    decode_seconds, busy_seconds: that batches took, and for which their workers were busy with
        them (see `liusheng.runtime.load`).
    failed: streams that were given up.
    """

    batches: Counter[int] = field(default_factory=Counter)
    decode_seconds: float = 0.0
    busy_seconds: float = 0.0
    failed: int = 0

    def decoded(self, streams: int, seconds: float, busy: float) -> None:
        """A batch of so many streams took so many seconds."""
        self.batches[streams] += 1
        self.decode_seconds += seconds
        self.busy_seconds += busy
