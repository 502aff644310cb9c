"""The metrics of recognition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import Metric

from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.observe.families import counter, gauge, histograms
from liusheng.server.observe.totals import Totals


def recognition_metrics(totals: Totals, engines: Sequence[RecognitionService]) -> Iterator[Metric]:
    """Yield the metrics of the recognition services that run."""
    if not engines:
        return
    for engine in engines:
        counted = engine.statistics
        totals.observe(engine, "batch_streams", counted.batch_streams)
        totals.observe(engine, "batch_seconds", counted.batch_seconds)
        totals.observe(engine, "waits", counted.waits)
        totals.observe(engine, "lags", counted.lags)
        totals.observe(engine, "live", counted.final_seconds)
        totals.observe(engine, "upload", counted.upload_final_seconds)
        totals.update(engine, ("asr", "busy"), counted.busy_seconds)
        totals.update(engine, ("asr", "failed"), counted.failed)
    yield gauge(
        "recognition_queue_depth",
        "Streams that are due a turn which no worker has taken.",
        sum(each.queue_depth for each in engines),
    )
    yield gauge(
        "recognition_longest_wait_seconds",
        "How long the live stream waits that has waited longest for a turn.",
        max(each.lag() for each in engines),
    )
    yield gauge(
        "recognition_load",
        "Share of the workers' time that recognition uses, over the last ten seconds.",
        sum(each.load() for each in engines),
    )
    for name, text, key in (
        ("recognition_batch_streams", "Streams decoded together.", "batch_streams"),
        (
            "recognition_decode_seconds",
            "How long a batch took, without what was prepared before.",
            "batch_seconds",
        ),
        (
            "recognition_queue_wait_seconds",
            "How long live streams were due a turn before a worker took it.",
            "waits",
        ),
        (
            "recognition_partial_lag_seconds",
            "Seconds of audio received that the text did not cover, at each partial of live "
            "streams.",
            "lags",
        ),
    ):
        yield histograms(name, text, (), {(): totals.histogram(key)})
    yield histograms(
        "recognition_final_latency_seconds",
        "From the end of the audio to the final text; live streams, and uploaded files.",
        ("kind",),
        {(kind,): totals.histogram(kind) for kind in ("live", "upload")},
    )
    yield counter(
        "recognition_busy_seconds",
        "Seconds for which workers were busy with recognition; divided by "
        "liusheng_received_audio_seconds_total it is the real-time factor.",
        totals["asr", "busy"],
    )
    yield counter(
        "recognition_failures", "Recognitions that were given up.", totals["asr", "failed"]
    )
