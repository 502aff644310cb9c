from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.audio.pcm import PacketReader, pcm_to_samples, samples_to_pcm


def wav_header(size: int, *, before_data: bytes = b"") -> bytes:
    fmt = b"fmt " + (16).to_bytes(4, "little") + bytes([1, 0, 1, 0]) + bytes(12)
    body = b"WAVE" + fmt + before_data + b"data" + size.to_bytes(4, "little")
    return b"RIFF" + min(len(body) + size, 0xFFFFFFFF).to_bytes(4, "little") + body


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(st.binary().map(lambda b: b[: len(b) // 2 * 2]))
def test_pcm_survives_the_way_there_and_back(pcm: bytes) -> None:
    samples = pcm_to_samples(pcm)
    assert samples.dtype == np.float32
    assert samples.shape == (len(pcm) // 2,)
    assert samples_to_pcm(samples) == pcm


def test_pcm_is_little_endian_and_scaled_to_one() -> None:
    assert pcm_to_samples(b"\x00\x80\x00\x40\xff\x7f").tolist() == [-1.0, 0.5, 32767 / 32768]


def test_half_a_sample_is_an_error() -> None:
    with pytest.raises(ValueError, match="3 bytes are not a whole number of 16-bit samples"):
        pcm_to_samples(b"abc")


def test_loud_and_broken_samples_are_clipped() -> None:
    samples = np.array([2.0, -2.0, np.nan, np.inf, -np.inf, 1.0], dtype=np.float32)
    assert np.frombuffer(samples_to_pcm(samples), "<i2").tolist() == [
        32767, -32768, 0, 32767, -32768, 32767,
    ]  # fmt: skip


def test_samples_are_rounded_to_nearest() -> None:
    samples = np.array([0.6, -0.6, 1.4]) / 32768
    assert np.frombuffer(samples_to_pcm(samples), "<i2").tolist() == [1, -1, 1]


@given(st.binary(), st.lists(st.integers(0, 10_000)))
def test_packets_of_any_size_lose_nothing(data: bytes, places: list[int]) -> None:
    reader = PacketReader()
    out = [reader.feed(packet) for packet in cut(data, places)]
    assert all(len(pcm) % 2 == 0 for pcm in out)
    assert b"".join(out) == data[: len(data) // 2 * 2]


@given(st.lists(st.tuples(st.binary(), st.lists(st.integers(0, 10_000)))))
def test_samples_begin_anew_after_every_header(files: list[tuple[bytes, list[int]]]) -> None:
    """Browser pages put a header on every blob; a blob may be odd, and cut anywhere."""
    reader = PacketReader()
    out = b""
    for body, places in files:
        out += reader.feed(wav_header(len(body)))
        out += b"".join(reader.feed(packet) for packet in cut(body, places))
    assert out == b"".join(body[: len(body) // 2 * 2] for body, _ in files)


def test_a_header_after_an_odd_byte_does_not_shift_what_follows() -> None:
    reader = PacketReader()
    assert reader.feed(wav_header(4) + b"abcd" + b"\0") == b"abcd"
    assert reader.feed(wav_header(4) + b"efgh") == b"efgh"
    assert reader.feed(b"ij") == b"ij"


@given(st.binary(max_size=64), st.binary(max_size=99), st.lists(st.integers(0, 10_000)))
def test_a_header_may_be_long_and_go_on_in_later_packets(
    samples: bytes, note: bytes, places: list[int]
) -> None:
    listed = b"LIST" + len(note).to_bytes(4, "little") + note + b"\0" * (len(note) % 2)
    file = wav_header(len(samples), before_data=listed) + samples
    reader = PacketReader()
    out = reader.feed(file[:12])
    out += b"".join(reader.feed(packet) for packet in cut(file[12:], places))
    assert out == samples[: len(samples) // 2 * 2]


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 7])
def test_the_size_a_header_claims_does_not_matter(size: int) -> None:
    reader = PacketReader()
    assert reader.feed(wav_header(size) + b"abcdefghij") == b"abcdefghij"


def test_a_chunk_too_large_to_be_true_does_not_swallow_the_stream() -> None:
    broken = b"RIFF\0\0\0\0WAVE" + b"junk\xff\xff\xff\xff"
    reader = PacketReader()
    assert reader.feed(broken + b"ab") == b"ab"
    assert reader.feed(b"cd") == b"cd"


def test_a_new_header_begins_anew_where_one_was_unfinished() -> None:
    reader = PacketReader()
    assert reader.feed(wav_header(4)[:30]) == b""
    assert reader.feed(wav_header(4) + b"abcd") == b"abcd"


@pytest.mark.parametrize("data", [b"RIFF", b"RIFFxxxxAVI ", b"xxRIFF\0\0\0\0WAVE", b""])
def test_what_is_no_header_is_samples(data: bytes) -> None:
    assert PacketReader().feed(data) == data


def test_any_buffer_is_taken() -> None:
    reader = PacketReader()
    assert reader.feed(bytearray(b"ab")) + reader.feed(memoryview(b"cd")) == b"abcd"
