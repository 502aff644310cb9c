"""Damaged recordings. The long form is `python tools/fuzz_decoders.py --count 100000`."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from liusheng.runtime.decoding.blocking import BlockingForker
from tests.support.mutations import FORMATS, mutated, recording
from tools.fuzz_decoders import decode, fuzz, report

MUTATIONS = 60


@pytest.fixture(scope="module")
def forker() -> Iterator[BlockingForker]:
    with BlockingForker() as made:
        yield made


@pytest.mark.parametrize("name", FORMATS)
def test_whole_recordings_are_audio(forker: BlockingForker, name: str) -> None:
    """Half a second; encoders of some formats add to it, and AMR's loses its end."""
    seconds = len(b"".join(forker.decode(io.BytesIO(recording(name)), 16_000))) / 32_000
    assert 0.15 < seconds < 0.7


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_recording_is_audio_or_an_error(forker: BlockingForker, name: str) -> None:
    for number in range(2):
        assert decode(forker, mutated(name, number), stream=number == 1)
    assert forker.alive


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_many_damaged_recordings(name: str) -> None:
    findings = fuzz(name, 1_000, MUTATIONS)
    assert not findings.faults, report(findings)
    assert sum(findings.outcomes.values()) == MUTATIONS
