"""Packets of raw samples in the formats that clients send, as 16-bit PCM at another rate."""

from __future__ import annotations

from typing import Literal

import numpy as np

from liusheng.audio.g711 import expand
from liusheng.audio.mixing import ChannelMixer
from liusheng.audio.pcm import PacketReader, Samples, pcm_to_samples, samples_to_pcm
from liusheng.audio.resample import Resampler

SampleFormat = Literal["s16le", "f32le", "mulaw", "alaw"]

_WIDTHS: dict[SampleFormat, int] = {"s16le": 2, "f32le": 4, "mulaw": 1, "alaw": 1}


class PacketConverter:
    """Packets in, mono 16-bit PCM out. A packet takes some hundredths of a millisecond.

    Packets may be cut anywhere: an incomplete frame is kept for the next packet. A WAV header
    before 16-bit samples is skipped (see `PacketReader`). Channels are mixed
    (`liusheng.audio.mixing`); NaN and infinity become silence.

    rate, rate_out: hertz.
    channels: the number of them, interleaved.
    """

    def __init__(self, form: SampleFormat, rate: int, channels: int, rate_out: int) -> None:
        self._form = form
        self._channels = channels
        self._frame = _WIDTHS[form] * channels
        self._packets = PacketReader() if form == "s16le" else None
        self._incomplete = b""
        self._passes = (form, rate, channels) == ("s16le", rate_out, 1)
        self._mixer = ChannelMixer(channels, rate) if channels > 1 else None
        self._resampler = Resampler(rate, rate_out)

    @property
    def header(self) -> int | None:
        """Bytes of the WAV header before the samples; None: there were more headers later."""
        if self._packets is None:
            return 0
        return self._packets.skipped if self._packets.in_order else None

    def feed(self, packet: bytes) -> bytes:
        """Return the PCM that a packet completes; may be empty."""
        data = self._packets.feed(packet) if self._packets else packet
        if self._passes:
            return data
        data = self._incomplete + data
        whole = len(data) - len(data) % self._frame
        self._incomplete = data[whole:]
        return samples_to_pcm(self._resampler.feed(self._mono(data[:whole])))

    def rest(self) -> bytes:
        """Return what is still in the resampler; `feed` must not be called after it."""
        if self._passes:
            return b""
        mixed = self._mixer.rest() if self._mixer else np.zeros(0, np.float32)
        return samples_to_pcm(self._resampler.feed(mixed, last=True))

    def _mono(self, data: bytes) -> Samples:
        if self._form == "s16le":
            samples = pcm_to_samples(data)
        elif self._form == "f32le":
            floats = np.frombuffer(data, "<f4")
            samples = np.clip(np.nan_to_num(floats, nan=0.0, posinf=0.0, neginf=0.0), -1.0, 1.0)
        else:
            samples = expand(data, self._form)
        return self._mixer.feed(samples.reshape(-1, self._channels)) if self._mixer else samples
