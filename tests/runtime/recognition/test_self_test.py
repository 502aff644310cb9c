"""What a worker measures before there are sessions, with a recogniser that does nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from liusheng.asr.types import SAMPLE_RATE, Partial
from liusheng.runtime.recognition import self_test
from liusheng.runtime.recognition.messages import TurnRequest, TurnResult


class Recorder:
    """Notes the turns that it gets, and gives each a state."""

    def __init__(self) -> None:
        self.batches: list[Sequence[TurnRequest]] = []

    def advance(self, requests: Sequence[TurnRequest]) -> list[TurnResult]:
        self.batches.append(requests)
        number = len(self.batches)
        return [TurnResult(b"%d" % number, (), Partial(0), 0, 0) for _ in requests]


@pytest.mark.parametrize("windowed", [True, False])
def test_batches_of_one_and_of_several_as_partials_and_finals(
    monkeypatch: pytest.MonkeyPatch, windowed: bool
) -> None:
    monkeypatch.setattr(self_test, "_MOST", 60.0)
    recorder = Recorder()
    tests, states = self_test.measure(recorder.advance, windowed=windowed)
    assert [len(each) for each in recorder.batches] == [1, 1, 4, 1, 4], "the first warms up"
    assert [test.final for test in tests] == [False, False, True, True]
    assert [len(test.weights) for test in tests] == [1, 4, 1, 4]
    assert all(test.stepwise is not windowed for test in tests)
    assert states == [b"1", b"2", *[b"3"] * 4, b"4", *[b"5"] * 4]
    for batch in recorder.batches:
        for request in batch:
            assert len(request.pcm) / 2 / SAMPLE_RATE == pytest.approx(4.9, abs=0.1)
            assert (request.activity is not None) is windowed


def test_a_slow_model_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test, "_MOST", -1.0)
    tests, _ = self_test.measure(Recorder().advance, windowed=False)
    assert [(test.final, len(test.weights)) for test in tests] == [(False, 1)]
