"""The features of sherpa-onnx's streaming models: Kaldi's filter bank, 80 bins, every 10 ms."""

from __future__ import annotations

import kaldi_native_fbank
import numpy as np
from numpy.typing import NDArray

from training.tiny.voices import RATE

BINS = 80


def features(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features (frames, 80) of samples in [-1, 1] at 16 kHz."""
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = BINS
    options.mel_opts.low_freq = 20
    options.mel_opts.high_freq = -400
    bank = kaldi_native_fbank.OnlineFbank(options)
    bank.accept_waveform(RATE, samples)
    bank.input_finished()
    return np.stack([bank.get_frame(i) for i in range(bank.num_frames_ready)])


def warped(x: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """Move what features have at a frequency to about `factor` times that.

    Another speaker's vocal tract does that (Jaitly and Hinton, vocal tract length perturbation).
    """
    lowest, highest = _mel(np.array([20.0, RATE / 2 - 400]))
    mels = np.linspace(lowest, highest, BINS + 2)[1:-1]
    source = np.interp(_mel(_hertz(mels) / factor), mels, np.arange(BINS))
    below = np.minimum(source.astype(int), BINS - 2)
    share = (source - below).astype(np.float32)
    return np.asarray(x[:, below] * (1 - share) + x[:, below + 1] * share, np.float32)


def stretched(x: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """Make features last `factor` times as long: slower speech of the same pitch."""
    places = np.minimum(np.arange(0, len(x) - 1, 1 / factor), len(x) - 1.001)
    before = places.astype(int)
    share = (places - before).astype(np.float32)[:, None]
    return np.asarray(x[before] * (1 - share) + x[before + 1] * share, np.float32)


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127 * np.log1p(hertz / 700)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return 700 * np.expm1(mel / 1127)
