"""Damaged recordings. The long form: `python tools/fuzz_decoders.py --count 100000 --together`."""

from __future__ import annotations

import collections
import io
import os
import signal
from collections.abc import Iterator

import pytest

from liusheng.runtime.decoding.blocking import BlockingForker
from tests.support.mutations import FORMATS, mutated, recording
from tools import decode_together
from tools.fuzz_decoders import Stream, decode, fuzz, report

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
@pytest.mark.slow
def test_a_damaged_recording_is_audio_or_an_error(forker: BlockingForker, name: str) -> None:
    for number in range(2):
        file = Stream(mutated(name, number)) if number else io.BytesIO(mutated(name, number))
        assert decode(forker, file)
    assert forker.alive


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_many_damaged_recordings(name: str) -> None:
    findings = fuzz(name, 1_000, MUTATIONS)
    assert not findings.faults, report(findings)
    assert sum(findings.outcomes.values()) == MUTATIONS


def some_that_end(number: int) -> io.BytesIO:
    if number in (3, 4, 9):
        os.kill(os.getpid(), signal.SIGSEGV)
    return io.BytesIO(recording("wav"))


@pytest.mark.slow
def test_those_that_end_their_process_are_decoded_as_a_server_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decode_together, "PROCESS", 6)
    outcomes: collections.Counter[str] = collections.Counter()
    assert list(decode_together.ends(some_that_end, 2, 10, outcomes)) == [3, 4, 9]
    assert outcomes == {"audio": 7}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["flac", "ogg_opus", "wavpack"])
def test_many_damaged_recordings_in_one_process(name: str) -> None:
    findings = fuzz(name, 10_000, 10 * MUTATIONS, together=True)
    assert not findings.faults, report(findings)
    assert sum(findings.outcomes.values()) == 10 * MUTATIONS
