"""What runs in a recognition worker, with the model that comes with the package."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from liusheng.asr.options import AsrOptions
from liusheng.models.store import Store
from liusheng.runtime.recognition.handler import PreparedRecognition, RecognitionHandler


@pytest.fixture
def handler(tmp_path: Path) -> RecognitionHandler:
    return PreparedRecognition([Store(tmp_path).open_named("tiny")], AsrOptions()).finish()


def test_the_self_test_measures_batches(handler: RecognitionHandler) -> None:
    tests = handler.self_test()
    assert {test.final for test in tests} <= {False, True}
    assert {len(test.weights) for test in tests} <= {1, 4}
    for test in tests:
        assert test.weights[0] == pytest.approx(4.9, abs=0.1)
        assert test.seconds > 0
        assert test.stepwise is not handler.describe().windowed


def test_the_description_crosses_processes(handler: RecognitionHandler) -> None:
    description = pickle.loads(pickle.dumps(handler.describe()))
    assert description == handler.describe()
    assert description.models["auto"] == "tiny"
    assert set(description.capabilities) == set(description.models) >= {"auto", "zh"}
