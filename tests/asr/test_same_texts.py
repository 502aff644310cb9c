"""What is final does not depend on when the audio came, and so not on how busy the machine was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from liusheng.asr.load import load
from liusheng.asr.options import (
    AsrOptions,
    CorrectionOptions,
    LiveOptions,
    VadOptions,
    WhisperOptions,
)
from liusheng.asr.recognizer import Recognizer
from liusheng.bench.recordings import read_manifest, read_samples
from liusheng.bench.transcribe import simulate_live
from liusheng.models.store import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "LIUSHENG_EVAL_SET" not in os.environ,
        reason="LIUSHENG_EVAL_SET names no manifest of recordings",
    ),
]

# Without what depends on the load by design (docs/reliability.md).
OPTIONS = AsrOptions(
    live=LiveOptions(hold=VadOptions().max_utterance),
    whisper=WhisperOptions(pad_final=WhisperOptions().pad_partial),
    correction=CorrectionOptions(rescored=0),
)


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    store = Store()
    names = ("whisper-base", "moonshine-tiny-en", OPTIONS.correction.model)
    return load([store.open(name) for name in names], OPTIONS)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_finals_are_the_same_in_turns_of_any_duration(recognizer: Recognizer, lang: str) -> None:
    recordings = read_manifest(Path(os.environ["LIUSHENG_EVAL_SET"]))
    for recording in [r for r in recordings if r.lang == lang][::10]:
        samples = read_samples(recording.path)
        texts = {
            "".join(
                utterance.text
                for _, outcome in simulate_live(recognizer, samples, lang, turn)
                for utterance in outcome.closed
            )
            for turn in (0.6, 60.0)
        }
        assert len(texts) == 1, recording.id
