"""Recognitions that fail together, without workers."""

from __future__ import annotations

import pytest

from liusheng.asr.capabilities import Capabilities, Hotwords
from liusheng.asr.options import AsrOptions
from liusheng.asr.types import StreamParams
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions
from liusheng.runtime.recognition.messages import RecognizerDescription
from liusheng.runtime.recognition.service import RecognitionService


def test_a_session_that_fails_on_its_failure_does_not_keep_it_from_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = RecognitionService([], AsrOptions(), RecognitionServiceOptions(), PoolOptions())
    capabilities = Capabilities("none", hotwords=Hotwords.HAN, endpoint=True, punctuation=True)
    service.description = RecognizerDescription({"auto": capabilities}, False)
    told: list[Exception] = []

    def fail(error: Exception) -> None:
        raise ZeroDivisionError

    for on_failure in (fail, told.append):
        service.open(
            StreamParams(), lambda closed, partial: None, lambda: None, on_failure, upload=True
        )
    lost = RuntimeError("no worker can be had")
    service.stranded(lost)
    assert told == [lost]
    assert service.streams == 0
    assert "a session failed on the end of its recognition" in caplog.text
