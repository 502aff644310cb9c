"""Which turns may take longer for a better text."""

from __future__ import annotations

from typing import Any

import pytest

from liusheng.asr.capabilities import Capabilities
from liusheng.asr.options import AsrOptions
from liusheng.asr.types import StreamParams
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions
from liusheng.runtime.recognition.messages import RecognizerDescription
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.recognition.stream import RecognitionStream
from tests.support.fake_pool import FakePool


def opened(service: RecognitionService, *, upload: bool = False) -> RecognitionStream:
    def ignore(*_: object) -> None:
        pass

    return service.open(StreamParams(), ignore, ignore, ignore, upload=upload)


@pytest.fixture
def service() -> Any:
    """A worker that takes one turn at a time."""
    made: Any = RecognitionService(
        [], AsrOptions(), RecognitionServiceOptions(step=0.0001, batch=1), PoolOptions()
    )
    made.description = RecognizerDescription({"auto": Capabilities("none")}, False)
    made._scheduler._policy = made._scheduler._policy.__class__(
        **{**vars(made._scheduler._policy), "step_batch": 1}
    )
    made._pool = made._turns._pool = FakePool(1, object)
    return made


def takes_care(service: Any) -> bool:
    """Whether the next turn may take longer."""
    job = service._turns.take(0)
    (request,) = job.args[0]
    return bool(request.spare)


@pytest.mark.parametrize(("cost", "care"), [(0.1, True), (1.0, False)])
def test_a_speaker_whose_partials_are_frequent_has_a_careful_text_while_others_wait(
    service: Any, cost: float, care: bool
) -> None:
    service._scheduler.batch_tested([1.0], cost, final=False, stepwise=True)
    for _ in range(2):
        opened(service).feed(b"word")
    assert takes_care(service) is care


@pytest.mark.parametrize("cost", [0.1, 1.0])
def test_where_nobody_waits_there_is_care(service: Any, cost: float) -> None:
    service._scheduler.batch_tested([1.0], cost, final=False, stepwise=True)
    opened(service).feed(b"word")
    assert takes_care(service)


def test_a_client_that_waits_has_its_text_at_once_while_others_wait(service: Any) -> None:
    service._scheduler.batch_tested([1.0], 0.1, final=False, stepwise=True)
    first, second = opened(service), opened(service)
    second.feed(b"word")
    first.feed(b"word")
    first.finish()
    assert not takes_care(service)


def test_a_file_does_not_take_care_while_a_speaker_waits(service: Any) -> None:
    service._scheduler.batch_tested([1.0], 0.1, final=False, stepwise=True)
    file, first, second = opened(service, upload=True), opened(service), opened(service)
    for stream in (first, second, file):
        stream.feed(b"word")
    assert takes_care(service), "the first speaker's"
    assert not service._turns._may_take_care(file, service._clock()), "the second one waits"
