"""Which turns may take longer for a better text."""

from __future__ import annotations

from typing import Any

import pytest

from liusheng.asr.capabilities import Batching, Capabilities
from liusheng.asr.options import AsrOptions
from liusheng.asr.types import StreamParams
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions
from liusheng.runtime.recognition.messages import Detection, RecognizerDescription
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.recognition.stream import RecognitionStream
from tests.support.fake_pool import FakePool
from tests.support.schedule import speech

FREQUENT, RARE = 0.1, 1.0
"""Seconds that a partial takes, of the two speakers here: they come often, or not."""


def service(cost: float, batching: Batching = Batching.ALL, batch: int = 1) -> Any:
    """One worker. batch: turns that it takes together."""
    made: Any = RecognitionService(
        [], AsrOptions(), RecognitionServiceOptions(batch=batch), PoolOptions()
    )
    capabilities = Capabilities("none", windowed=True, batching=batching)
    made.description = RecognizerDescription({"auto": capabilities}, False)
    made._vad.audio_received = lambda _: None  # there is no VAD process
    made._pool = made._turns._pool = FakePool(1, object)
    if cost:
        made._scheduler.batch_tested([1.0], cost, final=False, stepwise=False)
    return made


def opened(service: Any, *, upload: bool = False) -> RecognitionStream:
    def ignore(*_: object) -> None:
        pass

    stream: RecognitionStream = service.open(StreamParams(), ignore, ignore, ignore, upload=upload)
    return stream


def say(service: Any, stream: RecognitionStream, until: float, detected: float) -> None:
    """Somebody spoke until then, and was silent until `detected` (seconds)."""
    stream.feed(bytes(2 * round(detected * 16_000) - 2 * stream.audio.received))
    found = stream.audio.next_detection(0, 10**6)
    assert found
    assert stream.audio.detected(found[0], Detection(b"", speech(until, detected)))
    service._speech_detected(stream)


def takes_care(service: Any) -> bool:
    """Whether the next turn may take longer."""
    (request,) = service._turns.take(0).args[0]
    return bool(request.spare)


@pytest.mark.parametrize(("cost", "care"), [(FREQUENT, True), (RARE, False), (0.0, False)])
def test_a_pause_is_decoded_with_care_while_others_wait_if_partials_are_frequent(
    cost: float, care: bool
) -> None:
    made = service(cost)
    first, second = opened(made), opened(made)
    say(made, second, 1.0, 1.0)
    say(made, first, 1.0, 1.3)
    assert takes_care(made) is care


def test_a_partial_is_not_while_others_wait() -> None:
    made = service(FREQUENT)
    for stream in (opened(made), opened(made)):
        say(made, stream, 1.0, 1.0)
    assert not takes_care(made)


@pytest.mark.parametrize("cost", [FREQUENT, RARE])
def test_where_nobody_waits_there_is_care(cost: float) -> None:
    made = service(cost)
    say(made, opened(made), 1.0, 1.0)
    assert takes_care(made)


def test_a_client_that_waits_has_its_text_at_once_while_others_wait() -> None:
    made = service(FREQUENT)
    first, second = opened(made), opened(made)
    say(made, second, 1.0, 1.0)
    say(made, first, 1.0, 1.3)
    first.finish()
    assert not takes_care(made)


def test_a_file_takes_no_care_while_a_speaker_waits() -> None:
    made = service(FREQUENT)
    file, first, second = opened(made, upload=True), opened(made), opened(made)
    for stream in (first, second):
        say(made, stream, 1.0, 1.3)
    assert takes_care(made), "the first speaker's"
    assert not made._turns._may_take_care(file, made._clock()), "the second one waits"


def test_what_a_worker_prepared_is_waited_for() -> None:
    made = service(RARE, Batching.DECODER, batch=8)
    streams = [opened(made) for _ in range(3)]
    for stream in streams[:2]:
        say(made, stream, 1.0, 1.0)
    job = made._turns.take(0)
    assert job.method == "prepare"
    job.done(None)
    assert not made._turns._may_take_care(streams[2], made._clock())


def test_a_worker_drops_what_nobody_wants_any_more() -> None:
    made = service(RARE, Batching.DECODER, batch=8)
    streams = [opened(made) for _ in range(2)]
    for stream in streams:
        say(made, stream, 1.0, 1.0)
    job = made._turns.take(0)
    assert job.method == "prepare"
    job.done(None)
    for stream in streams:
        stream.abandon()
    job = made._turns.take(0)
    assert (job.method, job.args) == ("keep", ([],))
    assert made._turns.take(0) is None
    assert not made._turns._prepared
