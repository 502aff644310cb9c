"""Recognitions that fail, without workers."""

from __future__ import annotations

from typing import Any

import pytest

from liusheng.asr.capabilities import Capabilities, Hotwords
from liusheng.asr.options import AsrOptions
from liusheng.asr.types import StreamParams
from liusheng.runtime.errors import BusyError
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions
from liusheng.runtime.recognition.messages import RecognizerDescription
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.recognition.stream import RecognitionStream
from tests.support.fake_pool import FakePool


@pytest.fixture
def service() -> RecognitionService:
    made = RecognitionService(
        [], AsrOptions(), RecognitionServiceOptions(step=0.0001), PoolOptions()
    )
    capabilities = Capabilities("none", hotwords=Hotwords.HAN, endpoint=True, punctuation=True)
    made.description = RecognizerDescription({"auto": capabilities}, False)
    return made


def opened(service: RecognitionService, told: list[Exception]) -> RecognitionStream:
    """A stream, whose failure is noted in `told`."""
    return service.open(
        StreamParams(), lambda closed, partial: None, lambda: None, told.append, upload=True
    )


def replace_pool(service: Any, pool: FakePool) -> None:
    service._pool = service._turns._pool = pool


def test_a_session_that_fails_on_its_failure_does_not_keep_it_from_others(
    service: RecognitionService, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Exception] = []

    def fail(error: Exception) -> None:
        raise ZeroDivisionError

    for on_failure in (fail, told.append):
        service.open(
            StreamParams(), lambda closed, partial: None, lambda: None, on_failure, upload=True
        )
    lost = RuntimeError("no worker can be had")
    service._turns.stranded(lost)
    assert told == [lost]
    assert service.streams == 0
    assert "a session failed on the end of its recognition" in caplog.text


def test_nothing_is_opened_where_no_worker_can_be_had(service: RecognitionService) -> None:
    replace_pool(service, FakePool(1, object, is_stranded=True))
    with pytest.raises(BusyError, match="no recognition worker can be started") as caught:
        opened(service, [])
    assert (caught.value.reason, caught.value.retry_after) == ("workers", 30.0)


def test_a_batch_whose_only_session_fails_is_no_job(
    service: RecognitionService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*args: object, **options: object) -> None:
        raise RuntimeError("a fault")

    replace_pool(service, FakePool(1, object))
    told: list[Exception] = []
    stream = opened(service, told)
    monkeypatch.setattr(stream.audio, "next_turn", fault)
    stream.feed(b"word")
    assert service._turns.take(0) is None
    assert [str(error) for error in told] == ["a fault"]


def test_a_turn_that_is_lost_after_its_stream_concerns_nobody(service: RecognitionService) -> None:
    replace_pool(service, FakePool(1, object))
    told: list[Exception] = []
    stream = opened(service, told)
    stream.feed(b"word")
    job = service._turns.take(0)
    assert job
    stream.abandon()
    job.failed(ValueError("too late"))
    assert service._turns.take(0) is None
    assert told == []


def test_a_worker_forgets_the_stream_that_another_takes(service: RecognitionService) -> None:
    replace_pool(service, FakePool(2, object))
    service._scheduler.sticky = True
    stream = opened(service, [])
    stream.feed(b"word")
    stream.holder, stream.state = 0, b"state"
    taken = service._turns.take(1)
    assert taken
    assert taken.method == "advance"
    forgotten = service._turns.take(0)
    assert forgotten
    assert (forgotten.method, forgotten.args) == ("forget", ([b"state"],))
