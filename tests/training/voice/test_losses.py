from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="training/voice/requirements.txt is not installed")

from training.voice.judges import Judges, deceiving_loss, judging_loss, likeness_loss  # noqa: E402
from training.voice.losses import Two, energy_distance  # noqa: E402
from training.voice.schedule import rate  # noqa: E402
from training.voice.spectra import SIZES, Spectra, mel_bands  # noqa: E402


def _noise(loudness: float) -> Any:
    return loudness * torch.randn(4, 12000)


def test_the_energy_distance_is_least_for_the_right_loudness_of_noise() -> None:
    torch.manual_seed(0)
    real, voiced = _noise(0.1), torch.zeros(4, 40, dtype=torch.bool)
    found = {
        loudness: float(
            energy_distance(Two(_noise(loudness), _noise(loudness), real, voiced), Spectra(), SIZES)
        )
        for loudness in (0.02, 0.07, 0.1, 0.14, 0.3)
    }
    assert min(found, key=lambda each: found[each]) == 0.1


def _harmonics(seed: int) -> Any:
    """From 2 to 3 kHz, of 100 Hz, each with a phase of its own."""
    phases = 2 * torch.pi * torch.rand(4, 11, 1, generator=torch.Generator().manual_seed(seed))
    turns = 2 * torch.pi * 100 / 24000 * torch.arange(12000)
    return 0.02 * (torch.arange(20, 31)[:, None] * turns + phases).cos().sum(1)


def _hoarse() -> Any:
    """Noise of the same band and loudness."""
    spectrum = torch.fft.rfft(torch.randn(4, 12000))
    spectrum[:, :1000] = spectrum[:, 1500:] = 0
    noise = torch.fft.irfft(spectrum)
    return noise / noise.square().mean().sqrt() * _harmonics(0).square().mean().sqrt()


def _share(voiced: bool) -> float:
    """The distance of harmonics with other phases, as a part of that of noise."""
    torch.manual_seed(0)
    where = torch.full((4, 40), voiced)
    two = Two(_harmonics(1), _harmonics(1), _harmonics(0), where)
    hoarse = Two(_hoarse(), _hoarse(), _harmonics(0), where)
    harmonics, noise = (float(energy_distance(each, Spectra(), SIZES)) for each in (two, hoarse))
    return harmonics / noise


def test_where_there_is_a_voice_harmonics_of_any_phase_are_better_than_noise() -> None:
    assert _share(voiced=True) < 0.35
    assert _share(voiced=False) > 0.6


def test_mel_bands_have_one_area() -> None:
    bands = mel_bands(4096, 40)
    areas = bands.sum(1) * 24000 / 4096
    assert torch.allclose(areas, torch.ones(40), atol=0.05)


def test_judges_learn() -> None:
    torch.manual_seed(0)
    judge = Judges().of(512)
    optimiser = torch.optim.Adam(judge.parameters(), 2e-3)
    tone = torch.sin(torch.arange(6000) * 0.3)[None].repeat(2, 1) * 0.2
    losses = []
    for _ in range(12):
        loss = judging_loss(judge(tone), judge(0.1 * torch.randn(2, 6000)))
        optimiser.zero_grad()
        torch.autograd.backward([loss])
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
    made = judge(tone)
    assert float(likeness_loss(made, made).detach()) == 0
    assert deceiving_loss(made).isfinite()


def test_the_rate_rises_and_falls() -> None:
    assert rate(1.0, 0, 1000) == pytest.approx(0.01)
    assert rate(1.0, 99, 1000) > rate(1.0, 500, 1000) > rate(1.0, 1000, 1000)
    assert rate(1.0, 5000, 1000) == pytest.approx(0.05)
