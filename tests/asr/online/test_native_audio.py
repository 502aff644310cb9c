"""The audio of a native stream: nothing is given twice, nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.online.native_audio import NativeAudio
from liusheng.audio.pcm import pcm_to_samples


class Native:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.samples: list[float] = []
        self.finished = False

    def accept_waveform(self, rate: int, samples: list[float]) -> None:
        assert rate == 16_000
        assert not self.finished
        self.samples += samples

    def input_finished(self) -> None:
        self.finished = True


def ramp(count: int) -> bytes:
    return np.arange(count, dtype="<i2").tobytes()


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), min_size=1, max_size=8),
    st.integers(0, 400),
)
def test_packets_that_overlap_are_given_once(packets: list[tuple[int, int]], count: int) -> None:
    """Each packet is so long, and begins so much before the end of the last one."""
    audio, native, whole = NativeAudio(0), Native(), ramp(1_000)
    for length, overlap in packets:
        start = max(0, audio.end - overlap)
        end = max(audio.end, start + length)
        audio.append(whole[2 * start : 2 * end], start, None)
        audio.give(native, count)
    assert audio.received == audio.end
    expected = pcm_to_samples(whole[: 2 * min(count, audio.end)])
    assert native.samples == expected.tolist()
    assert not native.finished


def test_the_last_audio_is_padded_and_finished() -> None:
    audio, native = NativeAudio(100), Native()
    audio.append(ramp(10), 100, 5)
    assert (audio.received, audio.end) == (110, 115)
    audio.give(native, 12)
    assert not native.finished
    audio.give(native, 99)
    assert native.finished
    assert len(native.samples) == 15
    assert native.samples[10:] == [0.0] * 5


def test_another_native_stream_begins_where_it_is_told() -> None:
    audio = NativeAudio(0)
    audio.append(ramp(20), 0, None)
    audio.give(Native(), 20)
    audio.begin_again(15)
    native = Native()
    audio.give(native, 3)
    assert native.samples == pytest.approx([15 / 32_768, 16 / 32_768, 17 / 32_768])
    assert audio.pcm(16, 18) == ramp(20)[32:36]
    audio.drop_until(10)
    assert audio.origin == 15, "what is dropped stays dropped"
