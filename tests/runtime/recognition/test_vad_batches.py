"""What goes to the process that detects speech, and back, without the process."""

from __future__ import annotations

from typing import Any

import pytest

from liusheng.asr.options import VadOptions
from liusheng.asr.vad.segments import SpeechActivity
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.recognition.messages import Detection
from liusheng.runtime.recognition.vad_service import VadService
from liusheng.runtime.workers.pool import Job
from tests.support.fake_pool import FakePool

FOUND = Detection(b"state", SpeechActivity(1600, 1600))


class Audio:
    """A stream's audio: one request, and what is said of it."""

    undetected = 1600
    patient = False
    speech_state = b""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def next_detection(self, least: int, most: int) -> tuple[int, bytes]:
        return 7, bytes(3200)

    def detected(self, ticket: int, detection: Detection) -> bool:
        self.told.append((ticket, detection))
        return True

    def detection_failed(self, ticket: int) -> None:
        self.told.append(ticket)


class Running:
    """A service with two streams, and the streams that it said have changed."""

    def __init__(self) -> None:
        self.changed: list[str] = []
        self.service: VadService[str] = VadService(VadOptions(), PoolOptions(), self.changed.append)
        service: Any = self.service
        service._pool = FakePool(1, object)
        self.audio = {"a": Audio(), "b": Audio()}
        for key, audio in self.audio.items():
            each: Any = audio
            self.service.add(key, each, None)

    def job(self) -> Job:
        job = self.service.take(0)
        assert job
        assert job.method == "detect"
        assert len(job.args[0]) == 2
        assert self.service.take(0) is None, "both are under way"
        return job


async def test_packets_are_gathered() -> None:
    running = Running()
    running.service.audio_received("a")
    assert running.service.take(0) is None, "more may come in a moment"
    running.service._wake()
    running.job()


async def test_a_stream_that_is_over_gets_no_result() -> None:
    running = Running()
    job = running.job()
    running.service.remove("a")
    job.done([FOUND, FOUND])
    assert running.changed == ["b"]
    assert (running.audio["a"].told, running.audio["b"].told) == ([], [(7, FOUND)])


async def test_a_failure_is_of_the_streams_that_are_there(
    caplog: pytest.LogCaptureFixture,
) -> None:
    running = Running()
    job = running.job()
    running.service.remove("b")
    job.failed(ValueError("no such sound"))
    assert running.changed == ["a"]
    assert (running.audio["a"].told, running.audio["b"].told) == ([7], [])
    (logged,) = [record.getMessage() for record in caplog.records]
    assert logged == "speech detection failed on 2 streams: ValueError"
