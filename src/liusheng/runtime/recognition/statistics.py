"""What the recognition service counts, for those who observe it."""

from __future__ import annotations

from liusheng.runtime.histogram import POWERS_OF_TWO, Histogram


class RecognitionStatistics:
    """Sums since the start of the service. Durations are in seconds.

    batch_streams: how many streams were in each batch.
    batch_seconds: how long batches took, without what was prepared of them before.
    busy_seconds: for which workers were busy (see `liusheng.runtime.load`).
    waits: how long live streams were due a turn before a worker took it.
    lags: seconds of audio received that the text did not cover, at each partial of a live stream.
    final_seconds, upload_final_seconds: from the end of the audio to the final text, of live
        streams and of files.
    failed: streams that were given up.
    """

    def __init__(self) -> None:
        self.batch_streams = Histogram(POWERS_OF_TWO)
        self.batch_seconds = Histogram()
        self.busy_seconds = 0.0
        self.waits = Histogram()
        self.lags = Histogram()
        self.final_seconds = Histogram()
        self.upload_final_seconds = Histogram()
        self.failed = 0

    def decoded(self, streams: int, seconds: float, busy: float) -> None:
        """A batch of so many streams took so many seconds."""
        self.batch_streams.observe(streams)
        self.batch_seconds.observe(seconds)
        self.busy_seconds += busy

    def prepared(self, busy: float) -> None:
        """A turn was prepared, for which its worker was busy so many seconds."""
        self.busy_seconds += busy

    def finished(self, seconds: float, *, upload: bool) -> None:
        """A stream has its final text, so long after its end."""
        (self.upload_final_seconds if upload else self.final_seconds).observe(seconds)
