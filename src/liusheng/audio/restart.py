"""Where a converter of raw samples can begin in the middle of a stream (see `PacketConverter`)."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

_FILTER_SECONDS = 0.1
"""More than a resampler's filter is long: afterwards its output does not depend on what was before
its beginning."""

_MIXING_SECONDS = 1.0
"""What a mixer of channels goes by (see `ChannelMixer`). Only where it was about to change its mind
may it decide otherwise without what was before."""


@dataclass(frozen=True)
class Restart:
    """A converter that begins at a frame.

    frame: of the input.
    drop: samples of its output before the one that is wanted.
    """

    frame: int
    drop: int


def restart_at(sample: int, rate: int, channels: int, rate_out: int) -> Restart:
    """Return how to get the output of a stream from a sample on, without its beginning.

    rate, rate_out: hertz, of the input and the output.
    """
    warm = 0.0
    if rate != rate_out:
        warm = _FILTER_SECONDS
    if channels > 1:
        warm += _MIXING_SECONDS
    # Only every so many frames does a sample of the output stand where one of the input does.
    common = gcd(rate, rate_out)
    frames, samples = rate // common, rate_out // common
    period = max(0, (sample - round(warm * rate_out)) // samples)
    return Restart(period * frames, sample - period * samples)
