"""The voice heart of hibari, whose model comes with its package."""

from __future__ import annotations

import socket

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.audio.pcm import Samples
from liusheng.models.store import Store
from liusheng.tts.hibari_voice import HibariVoice, split_phonemes
from liusheng.tts.text.types import Clause


@pytest.fixture(scope="module")
def voice() -> HibariVoice:
    return HibariVoice("heart", Store().open("hibari-heart").files["model"])


def clause(reading: str) -> Clause:
    return Clause("en", reading, (), (0, len(reading)), True, "sentence")


def synthesized(voice: HibariVoice, reading: str) -> list[Samples]:
    return list(voice.speak(clause(reading), speed=1.0, urgent=False))


@pytest.mark.slow
def test_it_speaks_the_same_each_time(voice: HibariVoice) -> None:
    first, second = synthesized(voice, "How are you"), synthesized(voice, "How are you")
    audio = np.concatenate(first)
    assert np.array_equal(audio, np.concatenate(second))
    assert audio.dtype == np.float32
    assert 0.5 < len(audio) / 24_000 < 1.5
    assert 0.1 < np.abs(audio).max() <= 1


@pytest.mark.slow
def test_a_long_sentence_starts_after_its_first_clause(voice: HibariVoice) -> None:
    long = (
        "When the first train of the morning arrived at the station, "
        "nobody who was waiting on the platform wanted to get on, because it was cold inside"
    )
    blocks = synthesized(voice, long)
    assert len(blocks) > 2
    total = sum(map(len, blocks)) / 24_000
    assert len(blocks[0]) / 24_000 < total / 2


@pytest.mark.slow
@pytest.mark.parametrize("reading", ["", "...", "—"])
def test_nothing_to_say(voice: HibariVoice, reading: str) -> None:
    assert sum(map(len, synthesized(voice, reading))) == 0


def test_a_voice_that_it_does_not_have(voice: HibariVoice) -> None:
    with pytest.raises(ValueError, match=r"no voice 'nobody'; it has .*heart"):
        HibariVoice("nobody", Store().open("hibari-heart").files["model"])


@pytest.mark.slow
def test_it_never_uses_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the voice tried to use the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    model = Store().open("hibari-heart").files["model"]
    # A voice that is not in the package: hibari-tts would fetch it if it were left to find it.
    assert synthesized(HibariVoice("emma", model), "Hello")


@given(st.text("abc ,;:—", max_size=600))
def test_pieces_of_phonemes_are_all_of_them(phonemes: str) -> None:
    pieces = split_phonemes(phonemes)
    assert "".join(pieces).split() == phonemes.split() or all(len(p) <= 160 for p in pieces)
    assert "".join("".join(pieces).split()) == "".join(phonemes.split())
    assert all(0 < len(piece) <= 161 for piece in pieces)


def test_pieces_end_at_commas() -> None:
    short, long = "aaa bbb, ", "c" * 55 + " d"
    assert split_phonemes(short * 2 + long) == [short * 2, long]
    assert split_phonemes(short * 3) == [short * 3]
