"""Conversion of sample rates, block by block."""

from __future__ import annotations

import numpy as np
import soxr

from liusheng.audio.pcm import Samples

MAX_RATE = 384_000


class Resampler:
    """Resamples a stream of blocks (libsoxr, "high quality").

    The output of a whole stream does not depend on how it was cut into blocks: n samples give
    n * rate_out / rate_in, rounded to the nearest integer. Output is delayed by some milliseconds;
    the last call returns the rest.

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
        """Return the output that is complete after `samples`; may be empty.

        last: the stream ends with these samples: return all of the rest. The resampler cannot be
            used again.
        """
        if self._ended:
            raise RuntimeError("the stream has ended; create a Resampler for each stream")
        self._ended = last
        block = np.ascontiguousarray(samples, dtype=np.float32)
        if self._stream is None:
            return block
        out: Samples = self._stream.resample_chunk(block, last=last)
        return out


def resample(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """Return a whole signal at another rate."""
    return Resampler(rate_in, rate_out).feed(samples, last=True)
