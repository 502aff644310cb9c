"""Train the student on what the teacher said; every run goes on where the last one ended.

    python -m training.voice.train RUN --data DATA... --held-out HELD_OUT --steps 20000

RUN is a folder: `state.pt` (weights, their average, optimiser, random numbers), `student.pt` (the
average alone, what `export` takes) and `losses.csv`, a row for each evaluation on the
held-out sentences. The arguments of a run are to stay the same; new sentences in DATA are taken in
as they come.
"""

from __future__ import annotations

import argparse
import copy
import random
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.voice import checkpoint, exported, pretrained
from training.voice.checkpoint import Asked
from training.voice.dataset import Sentences, stretches, whole
from training.voice.head import HOP, RATE
from training.voice.journal import note
from training.voice.judges import SIZES as JUDGED
from training.voice.judges import Judge, Judges, deceiving_loss, judging_loss, likeness_loss
from training.voice.losses import Two, energy_distance, prosody_losses, said_twice
from training.voice.network import Student
from training.voice.schedule import average, rate
from training.voice.shipping import NAMES, place
from training.voice.spectra import SIZES, Spectra

_PROSODY_EVERY = 4
"""Steps for each step of the prosody network, which learns sooner and sees whole sentences."""

_CLIP_DECODER, _CLIP_PROSODY = 5.0, 1.0
_DECEIVE, _LIKENESS = 0.03, 0.1
"""Weights of the judges' losses beside the energy distance, which is about 0.2."""

_JUDGES_FIRST = 300
"""Steps that the judges learn alone, before the student heeds them."""

_JUDGES_RATE = 2e-3
_PROSODY = ("frames", "pitch", "energy")
_LOSSES = ("distance", *_PROSODY, "judging", "deceiving", "likeness")


class Training:
    """One run: what `state.pt` holds, and how to go a step further."""

    def __init__(self, run: Path, data: Sentences, arguments: argparse.Namespace) -> None:
        self.data = data
        self._arguments = arguments
        self._spectra = Spectra()
        self._rng = random.Random(0)
        torch.manual_seed(0)
        self.student = _start(arguments.start)
        self.mean = copy.deepcopy(self.student)
        self._optimiser = torch.optim.AdamW(
            self.student.parameters(), arguments.rate, (0.8, 0.99), weight_decay=0.01, fused=True
        )
        self._judges = Judges()
        self._judges_optimiser = torch.optim.AdamW(
            self._judges.parameters(), _JUDGES_RATE, (0.5, 0.9), weight_decay=0.01
        )
        self.step = 0
        self.processor = 0.0
        self._path = run / "state.pt"
        if self._path.exists():
            self._restore(checkpoint.load(self._path))
        self._since = time.process_time()

    def advance(self) -> dict[str, float]:
        """Take one step; return its losses."""
        now = rate(self._arguments.rate, self.step, self._arguments.steps)
        for group in self._optimiser.param_groups:
            group["lr"] = now
        count = self._arguments.batch
        chosen = self.data.by_length(count, self._rng)
        batch = stretches(chosen, self._arguments.window, self._rng)
        two = said_twice(self.student.m, batch, half=self._arguments.half)
        # One size a step: each costs half as much as the network.
        losses = {"distance": energy_distance(two, self._spectra, [self._rng.choice(SIZES)])}
        noted: dict[str, Tensor] = {}
        if self.step >= self._arguments.judges_from:
            judge = self._judges.of(self._rng.choice(JUDGED))
            noted["judging"] = self._judge(judge, two)
            if self.step >= self._arguments.judges_from + _JUDGES_FIRST:
                losses |= self._heed(judge, two)
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward([sum(losses.values(), torch.zeros(()))])
        if self.step % _PROSODY_EVERY == 0:
            sentences = whole(self._rng.sample(self.data.all, count))
            found = prosody_losses(self.student.pn, sentences)
            torch.autograd.backward([sum(found, torch.zeros(()))])
            noted |= dict(zip(_PROSODY, found, strict=True))
        torch.nn.utils.clip_grad_norm_(self.student.m.parameters(), _CLIP_DECODER)
        torch.nn.utils.clip_grad_norm_(self.student.pn.parameters(), _CLIP_PROSODY)
        self._optimiser.step()
        average(self.mean, self.student, self.step)
        self.step += 1
        return {name: float(value.detach()) for name, value in (losses | noted).items()}

    def _judge(self, judge: Judge, two: Two) -> Tensor:
        """A step of one judge, on the first of the two sounds."""
        with self._halved():
            real, made = judge(two.real), judge(two.one.detach())
        loss = judging_loss(real, made)
        self._judges_optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward([loss])
        self._judges_optimiser.step()
        return loss

    def _heed(self, judge: Judge, two: Two) -> dict[str, Tensor]:
        """What the student is to learn from a judge, weighted."""
        judge.requires_grad_(False)
        with self._halved():
            with torch.no_grad():
                real = judge(two.real)
            made = judge(two.one)
        judge.requires_grad_(True)
        return {
            "deceiving": _DECEIVE * deceiving_loss(made),
            "likeness": _LIKENESS * likeness_loss(real, made),
        }

    def _halved(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self._arguments.half)

    def save(self, student: Path) -> None:
        self.processor += time.process_time() - self._since
        self._since = time.process_time()
        state = {
            "student": self.student.state_dict(),
            "mean": self.mean.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "judges": self._judges.state_dict(),
            "judges_optimiser": self._judges_optimiser.state_dict(),
            "random": checkpoint.random_state(self._rng),
            "step": self.step,
            "processor": self.processor,
        }
        checkpoint.save(self._path, state)
        checkpoint.save(student, self.mean.state_dict())

    def _restore(self, state: dict[str, Any]) -> None:
        self.student.load_state_dict(state["student"])
        self.mean.load_state_dict(state["mean"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._judges.load_state_dict(state["judges"])
        self._judges_optimiser.load_state_dict(state["judges_optimiser"])
        checkpoint.restore(self._rng, state["random"])
        self.step, self.processor = state["step"], state["processor"]


def _start(name: str) -> Student:
    if name == "hibari":
        return pretrained.load()
    if name in NAMES:
        return exported.load(place(name))
    student = Student()
    if name != "nothing":
        student.load_state_dict(torch.load(name))
    return student


def test(student: Student, held_out: Sentences, window: int) -> dict[str, float]:
    """Losses on the same stretches each time, all transforms; `mel` is of one draw alone."""
    torch_state = torch.get_rng_state()
    torch.manual_seed(1)
    rng, spectra = random.Random(1), Spectra()
    found: list[Tensor] = []
    with torch.no_grad():
        for begin in range(0, len(held_out.all), 8):
            chosen = held_out.all[begin : begin + 8]
            two = said_twice(student.m, stretches(chosen, window, rng))
            distance = energy_distance(two, spectra, SIZES)
            mel = (spectra.mel(two.one) - spectra.mel(two.real)).abs().mean()
            prosody = prosody_losses(student.pn, whole(chosen))
            found.append(torch.stack([distance, mel, *prosody]) * len(chosen))
    torch.set_rng_state(torch_state)
    means = torch.stack(found).sum(0) / len(held_out.all)
    return dict(zip(("distance", "mel", *_PROSODY), means.tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument(
        "--steps", type=int, default=20000, help="that the learning rate falls over"
    )
    parser.add_argument("--until", type=int, help="stop after this step, else after --steps")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--window", type=int, default=120, help="half frames of a stretch")
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--half", action="store_true", help="the decoder's blocks in bfloat16")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", type=int, default=250, help="steps between evaluations")
    parser.add_argument(
        "--judges-from",
        type=int,
        default=10**9,
        help="the step that the adversarial stage starts at",
    )
    parser.add_argument(
        "--from",
        dest="start",
        default="hibari",
        help="what the weights are at first: hibari, a voice of the package, nothing, or another "
        "speaker's student.pt",
    )
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)  # those of what is silent cost a twelfth of a step
    arguments.run.mkdir(parents=True, exist_ok=True)
    asked = Asked()
    training = Training(arguments.run, Sentences(arguments.data), arguments)
    held_out = Sentences([arguments.held_out])
    last = arguments.until or arguments.steps
    losses: dict[str, list[float]] = {name: [] for name in _LOSSES}
    while training.step < last and not asked.to_end:
        for name, value in training.advance().items():
            losses[name].append(value)
        if training.step % arguments.every == 0 or training.step == last:
            training.save(arguments.run / "student.pt")
            row = {
                "step": training.step,
                "processor_hours": training.processor / 3600,
                "speech_hours": training.data.seconds / 3600,
                "heard_hours": training.step
                * arguments.batch
                * arguments.window
                * HOP
                / RATE
                / 3600,
                **{f"train_{name}": sum(all_) / max(1, len(all_)) for name, all_ in losses.items()},
                **test(training.mean, held_out, arguments.window),
            }
            note(arguments.run / "losses.csv", row)
            print(" ".join(f"{name}={value:.4g}" for name, value in row.items()), flush=True)
            losses = {name: [] for name in _LOSSES}
            training.data.refresh()
    training.save(arguments.run / "student.pt")


if __name__ == "__main__":
    main()
