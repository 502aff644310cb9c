from __future__ import annotations

import io
from pathlib import Path
from typing import Any, get_args

import av
import numpy as np
import pytest

from liusheng.audio.decode import decode_file
from liusheng.audio.encode import OPUS_RATES, open_encoder, open_file_encoder
from liusheng.audio.formats import Format
from liusheng.audio.pcm import pcm_to_samples, samples_to_pcm

FORMATS = [name for name in get_args(Format) if name != "pcm_s16le"]
RATE = 24_000


def tone(seconds: float, rate: int = RATE) -> bytes:
    time = np.arange(round(seconds * rate)) / rate
    return samples_to_pcm(0.4 * np.sin(2 * np.pi * 440 * time) * np.minimum(1, 8 * time))


def encoded(format_: Format, pcm: bytes, rate: int = RATE, block: int = 2_400) -> bytes:
    encoder = open_encoder(format_, rate)
    parts = [encoder.feed(pcm[at : at + block]) for at in range(0, len(pcm), block)]
    return b"".join(parts) + encoder.finish()


def decoded(data: bytes, rate: int = RATE) -> np.ndarray:
    return np.concatenate(list(decode_file(io.BytesIO(data), rate)))


def best_match(samples: np.ndarray, wanted: np.ndarray) -> float:
    """Correlation at the best delay: lossy encoders begin with some samples of their own."""
    size = 1 << (len(samples) + len(wanted)).bit_length()
    spectrum = np.fft.rfft(samples, size) * np.conj(np.fft.rfft(wanted, size))
    norm = np.linalg.norm(samples) * np.linalg.norm(wanted)
    return float(np.fft.irfft(spectrum).max() / norm)


@pytest.mark.parametrize("format_", FORMATS)
def test_what_goes_in_comes_out(format_: Format) -> None:
    pcm = tone(1.5)
    samples = decoded(encoded(format_, pcm))
    assert abs(len(samples) / RATE - 1.5) < 0.1
    assert best_match(samples, pcm_to_samples(pcm)) > 0.98


@pytest.mark.parametrize("format_", ["wav", "flac"])
def test_lossless(format_: Format) -> None:
    pcm = tone(0.7)
    assert samples_to_pcm(decoded(encoded(format_, pcm))) == pcm


def test_pcm_is_passed_through() -> None:
    pcm = tone(0.1)
    assert encoded("pcm_s16le", pcm) == pcm


@pytest.mark.parametrize("format_", FORMATS)
def test_it_plays_while_it_comes(format_: Format) -> None:
    """Half of the audio, cut off anywhere, is half of the sound at least but for 0.2 s."""
    encoder = open_encoder(format_, RATE)
    pcm = tone(2)
    half = b"".join(encoder.feed(pcm[at : at + 2_400]) for at in range(0, len(pcm) // 2, 2_400))
    assert len(decoded(half)) / RATE > 0.8
    encoder.finish()


@pytest.mark.parametrize("format_", FORMATS)
def test_blocks_of_any_length(format_: Format) -> None:
    pcm = tone(0.5)
    whole = decoded(encoded(format_, pcm, block=len(pcm)))
    pieces = decoded(encoded(format_, pcm, block=46))
    assert len(pieces) == len(whole)
    np.testing.assert_allclose(pieces, whole, atol=0.02)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_single_sample(format_: Format) -> None:
    assert encoded(format_, b"\x01\x00")


@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_at_all(format_: Format) -> None:
    encoder = open_encoder(format_, RATE)
    data = encoder.feed(b"") + encoder.finish()
    assert len(data) < 1_000, "headers at most"


@pytest.mark.parametrize("rate", OPUS_RATES)
def test_opus_rates(rate: int) -> None:
    samples = decoded(encoded("ogg_opus", tone(0.5, rate), rate), rate)
    assert abs(len(samples) / rate - 0.5) < 0.03


@pytest.mark.parametrize("format_", ["mp3", "aac", "flac", "wav"])
@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_lower_rates(format_: Format, rate: int) -> None:
    samples = decoded(encoded(format_, tone(0.5, rate), rate), rate)
    assert abs(len(samples) / rate - 0.5) < 0.3


def test_a_rate_that_opus_does_not_know() -> None:
    with pytest.raises(ValueError, match=r"11025 Hz.*8000, 12000"):
        open_encoder("ogg_opus", 11_025)


def test_wav_header_for_a_pipe() -> None:
    head = open_encoder("wav", RATE).feed(b"")
    assert len(head) == 44
    assert head[:4] + head[8:16] == b"RIFFWAVEfmt "
    assert head[4:8] == head[40:44] == b"\xff" * 4


@pytest.mark.parametrize("format_", ["mp3", "ogg_opus", "aac", "flac"])
def test_a_file(format_: Any, tmp_path: Path) -> None:
    """Its header has the length, which a stream's cannot have."""
    path = tmp_path / "speech"
    pcm = tone(1.5)
    with path.open("wb") as file:
        encoder = open_file_encoder(format_, RATE, file)
        assert encoder.feed(pcm[:20_000]) + encoder.feed(pcm[20_000:]) == b""
        assert encoder.finish() == b""
    samples = decoded(path.read_bytes())
    assert len(samples) == pytest.approx(len(pcm) / 2, abs=0.1 * RATE)
    assert best_match(samples, pcm_to_samples(pcm)) > 0.95
    with av.open(str(path)) as container:
        assert container.duration is not None
        assert container.duration / 1e6 == pytest.approx(1.5, abs=0.15)


def test_a_file_of_a_rate_that_opus_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not support a sample rate of 22050"):
        open_file_encoder("ogg_opus", 22_050, io.BytesIO())
