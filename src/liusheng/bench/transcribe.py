"""How well recordings are recognised: live, and offline by the same model.

*Live* is what a client gets: the recording goes through `Recognizer.advance` in turns of a fraction
of a second, as it would while it is spoken, and the texts of the closed utterances are joined.
*Offline* is what a plain user of the same model gets from the whole file: for Whisper,
faster-whisper with its defaults (30 s windows, beam 5, the previous window's text as prompt), told
the language; for other models the whole file in one window, cut only where the model cannot hear
more at once.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

import numpy as np

from liusheng.asr.in_process import InProcessStream
from liusheng.asr.load import load_engine
from liusheng.asr.offline.engine import Effort, Window
from liusheng.asr.recognizer import Outcome, Recognizer
from liusheng.asr.types import SAMPLE_RATE, Samples, StreamParams, Utterance
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.audio.decode import decode_file
from liusheng.bench.scoring import Errors, errors, join
from liusheng.bench.token_delay import first_shown, visible_tokens
from liusheng.models.types import InstalledModel, Kind

Transcriber = Callable[[Samples, str], str]
"""Samples and a language go in, a text comes out."""


@dataclass(frozen=True)
class Recording:
    """A line of a manifest: what is said in a file, and in which language."""

    id: str
    lang: str
    path: Path
    reference: str


@dataclass
class Tally:
    """What was counted for some recordings.

    live, offline: errors; offline has no length where it was not asked for.
    seconds: of audio.
    live_cpu, offline_cpu: seconds of processor time.
    delays: for each token of the live text, when it was first shown less when it had been spoken,
        in seconds of audio: what computing adds is not in it.
    """

    live: Errors = field(default_factory=Errors)
    offline: Errors = field(default_factory=Errors)
    seconds: float = 0.0
    live_cpu: float = 0.0
    offline_cpu: float = 0.0
    delays: list[float] = field(default_factory=list)

    @property
    def mean_delay(self) -> float:
        """Mean token delay in seconds; NaN when nothing was recognised."""
        return fmean(self.delays) if self.delays else float("nan")


def read_manifest(path: Path) -> list[Recording]:
    """Read a TSV with columns id, lang, path (relative to it), reference, and maybe others.

    Raises:
        OSError: when it cannot be read.
        ValueError: when a column is missing.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        missing = {"id", "lang", "path", "reference"} - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"{path}: the manifest has no column {', '.join(sorted(missing))}")
        return [
            Recording(row["id"], row["lang"], path.parent / row["path"], row["reference"])
            for row in reader
        ]


def evaluate(
    recordings: Iterable[Recording],
    recognizer: Recognizer,
    offline: Transcriber | None = None,
    turn: float = 0.1,
) -> dict[str, Tally]:
    """Recognise recordings live, and offline if asked; return a tally for each language."""
    tallies: dict[str, Tally] = {}
    for recording in recordings:
        tally = tallies.setdefault(recording.lang, Tally())
        samples = read_samples(recording.path)
        tally.seconds += len(samples) / SAMPLE_RATE
        heard = hear(recognizer, samples, recording.lang, turn)
        tally.live_cpu += heard.cpu
        tally.live += errors(recording.reference, heard.text, recording.lang)
        tally.delays += heard.delays
        if offline:
            began = time.process_time()
            text = offline(samples, recording.lang)
            tally.offline_cpu += time.process_time() - began
            tally.offline += errors(recording.reference, text, recording.lang)
    return tallies


def read_samples(path: Path) -> Samples:
    """Return a file's audio. Raises as `decode_file`."""
    blocks = list(decode_file(path, SAMPLE_RATE))
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


@dataclass(frozen=True)
class Heard:
    """A recording recognised live.

    delays: for each token of the text, when it was first shown less when it had been spoken.
    final_latency: from the end of the audio to the last of the text.
    cpu: seconds of processor time.
    """

    text: str
    delays: tuple[float, ...]
    final_latency: float
    cpu: float


def hear(
    recognizer: Recognizer,
    samples: Samples,
    lang: str,
    turn: float = 0.1,
    timer: Callable[[], float] = lambda: 0.0,
    detector: SpeechActivityDetector | None = None,
) -> Heard:
    """Recognise a recording live, as if it were spoken now; see `live`."""
    began = time.process_time()
    outcomes = list(live(recognizer, samples, lang, turn, timer, detector))
    cpu = time.process_time() - began
    closed = [u for _, outcome in outcomes for u in outcome.closed]
    ended = outcomes[-1][0] - len(samples) / SAMPLE_RATE if outcomes else 0.0
    return Heard(join([u.text for u in closed]), tuple(_delays(outcomes, closed)), ended, cpu)


def live(
    recognizer: Recognizer,
    samples: Samples,
    lang: str,
    turn: float,
    timer: Callable[[], float] = lambda: 0.0,
    detector: SpeechActivityDetector | None = None,
) -> Iterator[tuple[float, Outcome]]:
    """Play a recording on a clock of its own; yield when each outcome was known, and the outcome.

    turn: seconds of new audio from which on a turn is taken. It takes all that was spoken while
        the last one was computed.
    timer: how long a turn takes is read from it (`time.process_time`: as on a core that does
        nothing else); by default computing takes no time, and the clock is that of the audio.
    detector: of speech (see `InProcessStream`).
    """
    stream = InProcessStream(recognizer, StreamParams(lang), detector)
    step = max(1, round(turn * SAMPLE_RATE))
    now = 0.0
    end = 0
    while end < len(samples):
        start = end
        end = min(len(samples), max(start + step, int(now * SAMPLE_RATE)))
        began = timer()
        outcome = stream.advance(samples[start:end], last=end == len(samples))
        now = max(now, end / SAMPLE_RATE) + timer() - began
        yield now, outcome


def offline_transcriber(model: InstalledModel) -> Transcriber:
    """Return what a plain user of a model would do with a whole file; see the module.

    Raises:
        ValueError: when it is not an offline model.
    """
    if model.kind is Kind.WHISPER:
        from faster_whisper import WhisperModel

        whisper = WhisperModel(str(model.path), device="cpu", compute_type="int8", cpu_threads=1)

        def by_whisper(samples: Samples, lang: str) -> str:
            segments, _ = whisper.transcribe(samples, language=lang)
            return "".join(s.text for s in segments)

        return by_whisper

    engine = load_engine(model)

    def by_engine(samples: Samples, lang: str) -> str:
        step = int(engine.max_seconds * SAMPLE_RATE)
        windows = [Window(samples[i : i + step], lang) for i in range(0, len(samples), step)]
        decoded = [engine.decode([window], Effort.FINAL)[0] for window in windows]
        return " ".join("".join(p.text for p in d.pieces) for d in decoded)

    return by_engine


def _delays(outcomes: Sequence[tuple[float, Outcome]], closed: Sequence[Utterance]) -> list[float]:
    """Return when each token of the closed utterances was first shown, less when it was spoken."""
    delays = []
    for utterance in closed:
        spoken = [(token, w.end) for w in utterance.words for token in visible_tokens(w.text)]
        tokens = [token for token, _ in spoken]
        shown = []
        for at, outcome in outcomes:
            if outcome.partial.index == utterance.index:
                shown.append((at, visible_tokens(outcome.partial.text)))
            elif any(u.index == utterance.index for u in outcome.closed):
                shown.append((at, tokens))
        delays += [
            at - end
            for at, (_, end) in zip(first_shown(tokens, shown), spoken, strict=True)
            if at is not None
        ]
    return delays
