"""`liusheng eval`: measures the error rate and the latency of recognition."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from rich.progress import Progress

from liusheng.asr.load import load as load_recognizer
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.audio.containers import DecodeError
from liusheng.bench import eval_report, machine
from liusheng.bench.eval_results import EvalResult
from liusheng.bench.evaluation import Evaluator, evaluate_server
from liusheng.bench.joins import join as join_recordings
from liusheng.bench.recordings import Recording, read_clips, read_manifest
from liusheng.cli.constants import FAILED, USAGE
from liusheng.cli.reports import ChartFile, Json, describe_clips, print_report
from liusheng.cli.server_address import describe_error, server_url
from liusheng.cli.terminal import error, info, open_console, problem_text
from liusheng.client import ClientError
from liusheng.models.errors import ModelError
from liusheng.server.config.settings import Settings
from liusheng.server.config.sources import SettingsError
from liusheng.server.config.sources import load as load_settings
from liusheng.server.models import recognition_models

_T = TypeVar("_T")


def evaluate(
    *,
    manifest: Path,
    lang: str | None = None,
    asr: tuple[str, ...] = (),
    server: str | None = None,
    streams: int = 1,
    live_only: bool = False,
    join: int = 0,
    seed: int = 0,
    config: Path | None = None,
    chart: ChartFile = None,
    json: Json = False,
) -> int:
    """Transcribe recordings and count the errors: live, as a client gets them, and offline by the
    same model.

    Live: the recording is streamed as it is spoken. Whole: the same recogniser gets the whole
    recording at once. Plain: the model without this project; for Whisper, faster-whisper with its
    defaults. Errors are counted in characters for Chinese and Japanese, otherwise in words.

    Without --server the models run in this process, and latencies are simulated for an idle core:
    the time of the audio plus the processor time. With --server the recordings are sent in real
    time, and latencies are measured.

    Parameters
    ----------
    manifest
        Recordings with references: a TSV file with the columns id, lang, path (relative to the
        file), reference, and possibly others.
    lang
        Use only the recordings in this language.
    asr
        Model for recognition, as for `liusheng serve`; by default those of the settings.
    server
        Address of a running server that transcribes the recordings live; by default this process
        does.
    streams
        Number of recordings that are sent to the server at once.
    live_only
        Skip the offline transcripts.
    join
        Instead of the recordings, use this many random pairs and triples of them in each language,
        with pauses of 0.2 to 1.5 s and level differences of up to 20 dB, and count lost sentences:
        those of which more than half is missing.
    seed
        Seed of the choice of pairs and triples for --join.
    config
        Settings file, as for `liusheng serve`.
    """
    if streams < 1:
        error(f"--streams must be at least 1, not {streams}")
        return USAGE
    if join < 0:
        error(f"--join must not be negative: {join}")
        return USAGE
    try:
        flags = {"asr.models": ("--asr", list(asr))} if asr else {}
        settings = load_settings(config=config, flags=flags).settings
        recordings = [each for each in read_manifest(manifest) if lang in (None, each.lang)]
        if not recordings:
            error(f"{manifest}: there is no recording" + (f" in {lang}" if lang else ""))
            return USAGE
        facts = machine.facts()
        with TemporaryDirectory() as folder:
            if join:
                recordings = join_recordings(recordings, join, Path(folder), seed)
                facts += [("joined", f"{len(recordings)} pairs and triples, seed {seed}")]
            if server is not None:
                clips = read_clips(recordings)
                facts += [("server", server), ("recordings", describe_clips(clips))]
                results = asyncio.run(evaluate_server(server_url(server), clips, streams))
                if not live_only:
                    results = _add_offline(results, settings)
            else:
                results = _evaluate_here(recordings, settings, live_only=live_only)
        print_report(eval_report.report(results, facts), chart, json=json)
    except (SettingsError, ValueError) as problem:
        error(str(problem))
        return USAGE
    except ClientError as problem:
        error(describe_error(problem))
        return FAILED
    except (ModelError, DecodeError, OSError) as problem:
        error(problem_text(problem))
        return FAILED
    return FAILED if any(result.failure for result in results) else 0


def _evaluate_here(
    recordings: Sequence[Recording], settings: Settings, *, live_only: bool
) -> list[EvalResult]:
    """Transcribe recordings in this process, with the models of the settings."""
    models = recognition_models(settings)
    evaluator = Evaluator(
        load_recognizer(models, settings.asr_options),
        models,
        SpeechActivityDetector(settings.asr_options.live.vad),
    )
    results = []
    with _progress("Transcribing", recordings) as each:
        for recording in each:
            result = evaluator.live(recording)
            results.append(result if live_only else evaluator.with_offline(result))
    return results


def _add_offline(results: Sequence[EvalResult], settings: Settings) -> list[EvalResult]:
    """Add offline transcripts to the results of a server, by the models that it named."""
    evaluators: dict[str, Evaluator] = {}
    for name in dict.fromkeys(result.model for result in results if result.model):
        try:
            models = recognition_models(settings, [name])
        except ModelError as problem:
            info(f"Not compared with {name} offline: {problem}")
        else:
            evaluators[name] = Evaluator(
                load_recognizer(models, settings.asr_options),
                models,
                SpeechActivityDetector(settings.asr_options.live.vad),
            )
    with _progress("Transcribing offline", results) as each:
        return [
            evaluators[result.model].with_offline(result) if result.model in evaluators else result
            for result in each
        ]


@contextmanager
def _progress(what: str, items: Sequence[_T]) -> Iterator[Iterator[_T]]:
    """Give items one by one, with a progress bar on a terminal."""
    if not sys.stderr.isatty():
        yield iter(items)
        return
    with Progress(console=open_console(stderr=True), transient=True) as progress:
        yield iter(progress.track(items, description=what))
