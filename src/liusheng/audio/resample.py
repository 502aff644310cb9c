"""Sample rates, changed on the fly."""

from __future__ import annotations

import numpy as np
import soxr

from liusheng.audio.pcm import Samples

MAX_RATE = 384_000


class Resampler:
    """Blocks of samples in at one rate, out at another (libsoxr, "high quality").

    Nothing is lost or added: the output of a whole stream is the same however it was cut into
    blocks, and n samples in give n * rate_out / rate_in out, rounded to the nearest whole number.
    The first samples come with a delay of some milliseconds, which the last call makes good.

    rate_in, rate_out: hertz, 1 to 384,000. Equal rates pass the samples through.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        for rate in (rate_in, rate_out):
            if not 1 <= rate <= MAX_RATE:
                raise ValueError(f"a sample rate of {rate} Hz is not between 1 and {MAX_RATE}")
        self.rate_in = rate_in
        self.rate_out = rate_out
        self._stream = (
            None
            if rate_in == rate_out
            else soxr.ResampleStream(rate_in, rate_out, 1, dtype="float32", quality="HQ")
        )
        self._ended = False

    def feed(self, samples: Samples, *, last: bool = False) -> Samples:
        """Return what can be given out after `samples`; may be empty.

        last: no more will come: give out the rest. A resampler is not used again after it.
        """
        if self._ended:
            raise RuntimeError("this stream has ended; a new one needs a new Resampler")
        self._ended = last
        block = np.ascontiguousarray(samples, dtype=np.float32)
        if self._stream is None:
            return block
        out: Samples = self._stream.resample_chunk(block, last=last)
        return out


def resample(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """Return a whole signal at another rate."""
    return Resampler(rate_in, rate_out).feed(samples, last=True)
