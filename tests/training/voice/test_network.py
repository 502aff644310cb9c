from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training/voice/requirements.txt is not installed")

from liusheng.models.kinds import find_files  # noqa: E402
from liusheng.models.types import Kind  # noqa: E402
from liusheng.tts.harmonic_noise.head import SIZE, Head  # noqa: E402
from liusheng.tts.harmonic_noise.network import Network  # noqa: E402
from training.voice import exported, head  # noqa: E402
from training.voice.dataset import MARGIN, Sentence, stretches, whole  # noqa: E402
from training.voice.export import scale_noise, write  # noqa: E402
from training.voice.graphs import encoded  # noqa: E402
from training.voice.network import CONTEXT, Decoder, Prosody, Student  # noqa: E402


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def _sentence(tokens: int, seed: int) -> Sentence:
    rng = np.random.default_rng(seed)
    frames = rng.integers(1, 6, tokens).astype(np.int16)
    halves = 2 * int(frames.sum())
    return Sentence(
        rng.integers(1, 178, tokens).astype(np.int16),
        frames,
        np.repeat(np.arange(tokens), frames),
        rng.uniform(100, 300, halves).astype(np.float32),
        rng.uniform(0, 5, halves).astype(np.float32),
        rng.integers(-9999, 9999, halves * head.HOP).astype(np.int16),
        float(rng.uniform()),
    )


def test_padding_changes_nothing() -> None:
    torch.manual_seed(0)
    prosody = Prosody().eval()
    short, long = _sentence(9, 1), _sentence(30, 2)
    both, alone = whole([short, long]), whole([short])
    text = prosody.text(both.tokens, both.padding)
    mine = prosody.text(alone.tokens, alone.padding)
    assert torch.allclose(text[:1, :, :9], mine, atol=1e-5)
    guess = prosody.durations(text)
    assert torch.allclose(guess[:1, :9], prosody.durations(mine), atol=1e-5)
    f0, _ = prosody.curves(text, both.index, both.outside)
    own, _ = prosody.curves(mine, alone.index, alone.outside)
    assert torch.allclose(f0[:1, : own.shape[1]], own, atol=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_a_stretch_is_a_part_of_the_whole(seed: int) -> None:
    torch.manual_seed(0)
    decoder = Decoder().eval()
    sentence = _sentence(30, seed)
    length = 24
    batch = stretches([sentence], length, random.Random(seed))
    text = decoder.text(batch.tokens, batch.padding)
    inside = decoder.inside(text, batch.index, batch.f0, batch.energy, batch.outside, inner=True)
    maps = decoder.maps(inside)[0]
    index = torch.from_numpy(sentence.index.repeat(2))[None]
    f0, energy = (torch.from_numpy(each)[None] for each in (sentence.f0, sentence.energy))
    all_maps = decoder(text, index, f0, energy)[0]
    spoken = (~batch.outside[0, CONTEXT:-CONTEXT]).nonzero()[:, 0]
    pitch = batch.f0[0, CONTEXT:-CONTEXT][spoken]
    at = int((f0[0][:, None] == pitch[0]).nonzero()[0, 0])
    assert torch.allclose(maps[spoken], all_maps[at : at + len(spoken)], atol=1e-4)


def test_stretches_hold_the_sound_of_their_half_frames() -> None:
    sentence = _sentence(12, 0)
    length = sentence.halves + 40
    batch = stretches([sentence], length, random.Random(0))
    assert batch.audio.shape == (1, length * head.HOP)
    assert batch.f0.shape == (1, length + 2 * MARGIN)
    inside = ~batch.outside[0]
    assert int(inside.sum()) == sentence.halves
    first = int(inside.nonzero()[0]) - MARGIN
    begin = first * head.HOP
    sound = batch.audio[0, begin : begin + len(sentence.audio)] * 32767
    assert torch.allclose(sound, torch.from_numpy(sentence.audio).float(), atol=0.01)


@pytest.mark.parametrize("seed", range(6))
def test_a_stretch_has_the_pulses_of_the_whole(seed: int) -> None:
    sentence = _sentence(30, seed)
    batch = stretches([sentence], 24, random.Random(seed))
    made = head.pulses(batch.f0[:, CONTEXT:-CONTEXT], batch.turns)[0]
    inside = (~batch.outside[0, CONTEXT:-CONTEXT]).nonzero()[:, 0]
    f0 = torch.from_numpy(sentence.f0)[None]
    turns = torch.tensor([sentence.turns + sentence.f0[0] / 2 * head.HOP / head.RATE])
    all_made = head.pulses(f0, turns.double())[0]
    pitch = batch.f0[0, CONTEXT:-CONTEXT][inside]
    at = int((f0[0][:, None] == pitch[0]).nonzero()[0, 0])
    # The last half frame goes over to what follows it, which the stretch does not have.
    first, count = int(inside[0]) * head.HOP, (len(inside) - 1) * head.HOP
    wanted = all_made[at * head.HOP :][:count]
    assert torch.allclose(made[first:][:count], wanted, atol=0.02 * float(wanted.abs().max()))


def test_exported_attention_is_the_trained_one() -> None:
    torch.manual_seed(0)
    decoder = Decoder().eval()
    tokens = torch.randint(1, 178, (1, 25))
    assert torch.allclose(encoded(decoder.text, tokens), decoder.text(tokens), atol=1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PyTorch's older exporter
@pytest.mark.parametrize("quantised", [False, True])
def test_the_exported_voice_is_the_trained_one(tmp_path: Path, quantised: bool) -> None:
    torch.manual_seed(0)
    student = Student().eval()
    write(student, {"a": 1, "b": 2, " ": 3}, tmp_path, quantised=quantised)
    network = Network(find_files(tmp_path, Kind.HARMONIC_NOISE))
    tokens = network.tokens("ab ba a" * 5)
    maps, f0, frames = student(torch.tensor([tokens]))
    near = 0.05 if quantised else 1e-3
    plan = network.plan(tokens, frames=frames[0].numpy())
    assert np.abs(plan.f0 - f0[0].numpy()).max() < near * np.abs(f0.numpy()).max()
    middle = len(plan) // 3
    found = np.concatenate(list(network.maps(plan, [(0, middle), (middle, len(plan))])))
    assert found.shape == maps[0].shape
    assert np.abs(found - maps[0].numpy()).max() < near * np.abs(maps.numpy()).max()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PyTorch's older exporter
@pytest.mark.parametrize("quantised", [False, True])
def test_training_goes_on_from_an_exported_voice(tmp_path: Path, quantised: bool) -> None:
    torch.manual_seed(0)
    student = Student()
    write(student.eval(), {"a": 1}, tmp_path, quantised=quantised)
    again = exported.load(tmp_path).state_dict()
    for name, weights in student.state_dict().items():
        rounding = float(weights.abs().max()) / 254 + 1e-7 if quantised else 0.0
        assert torch.allclose(again[name], weights, rtol=0, atol=rounding), name


def test_the_noise_of_a_student_can_be_scaled() -> None:
    torch.manual_seed(0)
    student = Student().eval()
    given = torch.randn(1, 128, 30), *torch.rand(3, 1, 30)
    text, index, f0, energy = given[0], (given[1] * 30).long(), 200 * given[2], given[3]
    before = student.m(text, index, f0, energy).chunk(head.MAPS, 2)
    scale_noise(student, 0.25)
    after = student.m(text, index, f0, energy).chunk(head.MAPS, 2)
    for name, a, b in zip("lh theta ln lr phi".split(), before, after, strict=True):
        factor = 0.25 if name == "ln" else 1.0
        assert torch.allclose(b.exp(), factor * a.exp(), rtol=1e-4), name


def test_the_engine_makes_the_sound_that_was_trained() -> None:
    rng = np.random.default_rng(0)
    maps = (rng.standard_normal((40, head.MAPS * head.BINS)) * 0.3 - 4).astype(np.float32)
    maps[:, 2 * head.BINS : 3 * head.BINS] = -60  # no noise: each draws its own
    f0 = (200 + 50 * np.sin(np.arange(40) / 7)).astype(np.float32)
    f0[:3] = f0[-3:] = 9
    told = Head(f0)
    found = np.concatenate([told.add(maps), told.rest()])
    wanted = head.sounds(torch.from_numpy(maps)[None], torch.from_numpy(f0)[None])[0][0].numpy()
    inner = slice(SIZE, -SIZE)  # PyTorch's inverse lifts both ends
    assert np.abs(found - wanted)[inner].max() < 0.01 * np.abs(wanted).max()
