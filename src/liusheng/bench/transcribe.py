"""Transcribes recordings in this process: live, as a client gets it, and offline.

Live: the recording goes through `Recognizer.advance` in turns of a fraction of a second, as it does
while it is spoken; the transcript is the texts of the closed utterances. Offline: what a user of
the same model without this project gets from the whole file. For Whisper that is faster-whisper
with its defaults (30 s windows, beam 5, the previous window's text as prompt) and the language
given; for other offline models the whole file in one window, cut only where it exceeds the model's
limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from liusheng.asr.in_process import InProcessStream
from liusheng.asr.load import load_engine
from liusheng.asr.offline.engine import Effort, Window
from liusheng.asr.recognizer import Outcome, Recognizer
from liusheng.asr.types import SAMPLE_RATE, StreamParams, Utterance
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.audio.pcm import Samples
from liusheng.bench.scoring import join
from liusheng.bench.token_delay import first_shown, visible_tokens
from liusheng.models.types import InstalledModel, Kind

TranscribeSamples = Callable[[Samples, str], str]
"""Samples (as `Recognizer` takes them) and a language to a transcript."""


@dataclass(frozen=True)
class LiveTranscript:
    """The result of a live transcription.

    delays: for each token of the text, seconds from the end of the spoken token until it was shown.
    final_latency: seconds from the end of the audio to the last of the text.
    cpu: seconds of processor time.
    """

    text: str
    delays: tuple[float, ...]
    final_latency: float
    cpu: float


def transcribe_live(
    recognizer: Recognizer,
    samples: Samples,
    lang: str,
    turn: float = 0.1,
    timer: Callable[[], float] = lambda: 0.0,
    detector: SpeechActivityDetector | None = None,
) -> LiveTranscript:
    """Transcribe a recording as if it were being spoken; for `turn`, `timer` and `detector` see
    `simulate_live`."""
    started = time.process_time()
    outcomes = list(simulate_live(recognizer, samples, lang, turn, timer, detector))
    cpu = time.process_time() - started
    closed = [utterance for _, outcome in outcomes for utterance in outcome.closed]
    latency = outcomes[-1][0] - len(samples) / SAMPLE_RATE if outcomes else 0.0
    delays = tuple(_delays(outcomes, closed))
    return LiveTranscript(join([utterance.text for utterance in closed]), delays, latency, cpu)


def simulate_live(
    recognizer: Recognizer,
    samples: Samples,
    lang: str,
    turn: float,
    timer: Callable[[], float] = lambda: 0.0,
    detector: SpeechActivityDetector | None = None,
) -> Iterator[tuple[float, Outcome]]:
    """Play a recording on a simulated clock; yield each outcome and when it was available.

    turn: seconds of new audio that start a turn. A turn takes all audio that arrived while the
        one before was computed.
    timer: the clock that measures how long a turn takes (`time.process_time`: as on a core without
        other work); by default computing takes no time.
    detector: of speech (see `InProcessStream`).
    """
    stream = InProcessStream(recognizer, StreamParams(lang), detector)
    step = max(1, round(turn * SAMPLE_RATE))
    now = 0.0
    end = 0
    while end < len(samples):
        start = end
        end = min(len(samples), max(start + step, int(now * SAMPLE_RATE)))
        started = timer()
        outcome = stream.advance(samples[start:end], last=end == len(samples))
        now = max(now, end / SAMPLE_RATE) + timer() - started
        yield now, outcome


def offline_transcriber(model: InstalledModel) -> TranscribeSamples:
    """Return the offline transcriber of a model; see the module.

    Raises:
        ValueError: it is not an offline model.
    """
    if model.kind is Kind.WHISPER:
        from faster_whisper import WhisperModel

        whisper = WhisperModel(str(model.path), device="cpu", compute_type="int8", cpu_threads=1)

        def by_whisper(samples: Samples, lang: str) -> str:
            segments, _ = whisper.transcribe(samples, language=None if lang == "auto" else lang)
            return "".join(segment.text for segment in segments)

        return by_whisper

    engine = load_engine(model)

    def by_engine(samples: Samples, lang: str) -> str:
        step = int(engine.max_seconds * SAMPLE_RATE)
        windows = [Window(samples[i : i + step], lang) for i in range(0, len(samples), step)]
        decoded = [engine.decode([window], Effort.FINAL)[0] for window in windows]
        return " ".join("".join(p.text for p in d.pieces) for d in decoded)

    return by_engine


def _delays(outcomes: Sequence[tuple[float, Outcome]], closed: Sequence[Utterance]) -> list[float]:
    """For each token of the closed utterances, when it was first shown less when it was spoken."""
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
