"""`liusheng eval`: how well recordings are recognised."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

from liusheng.asr.load import load as load_recognizer
from liusheng.asr.recognizer import Recognizer
from liusheng.asr.types import SAMPLE_RATE
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.audio.decode import DecodeError
from liusheng.bench import eval_report as evaluation
from liusheng.bench import machine
from liusheng.bench.eval_report import Result
from liusheng.bench.serving import running
from liusheng.bench.speaker import AsrResult, Clip, read_clips, speak
from liusheng.bench.transcribe import (
    Recording,
    Transcriber,
    hear,
    offline_transcriber,
    read_manifest,
    read_samples,
)
from liusheng.cli.measured import ChartFile, Json, described, show
from liusheng.cli.server_option import in_words, server_url
from liusheng.cli.terminal import error, say
from liusheng.client import ClientError, connect
from liusheng.models import InstalledModel, ModelError
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
    config: Path | None = None,
    chart: ChartFile = None,
    json: Json = False,
) -> int:
    """Recognise recordings and count the errors: live as a client gets them, and offline by the
    same model.

    Live is what comes when the recording is spoken. Whole at once: the same recogniser, given the
    whole recording. Plain: what a plain user of the model gets, for Whisper faster-whisper with its
    defaults. Characters are counted in Chinese and Japanese, words elsewhere.

    In this process, times are those of a core that does nothing else: the clock is the audio's and
    the processor's. With --server recordings are spoken in real time, and times are real.

    Parameters
    ----------
    manifest
        Recordings with what is said in them: a TSV with the columns id, lang, path (relative to
        it), reference, and maybe others.
    lang
        Only the recordings in this language.
    asr
        Model for recognition, as for `liusheng serve`; by default those of the settings.
    server
        Address of a running server that hears the recordings live; otherwise this process does.
    streams
        How many recordings are spoken to the server at once.
    live_only
        Leave out what is offline.
    config
        Settings file, as for `liusheng serve`.
    """
    if streams < 1:
        error(f"--streams must be at least 1, not {streams}")
        return 2
    try:
        flags = {"asr.models": ("--asr", list(asr))} if asr else {}
        settings = load_settings(config=config, flags=flags).settings
        recordings = [each for each in read_manifest(manifest) if lang in (None, each.lang)]
        if not recordings:
            error(f"{manifest}: there is no recording" + (f" in {lang}" if lang else ""))
            return 2
        facts = machine.facts()
        if server is not None:
            clips = read_clips(recordings)
            facts += [("server", server), ("recordings", described(clips))]
            results = asyncio.run(_spoken(server_url(server), clips, streams))
            if not live_only:
                results = _with_offline(results, settings)
        else:
            results = _heard(recordings, settings, live_only=live_only)
    except (SettingsError, ValueError) as problem:
        error(str(problem))
        return 2
    except ClientError as problem:
        error(in_words(problem))
        return 1
    except (ModelError, DecodeError, OSError) as problem:
        error(str(problem))
        return 1
    show(evaluation.report(results, facts), chart, json=json)
    return 1 if any(result.failure for result in results) else 0


def _heard(recordings: Sequence[Recording], settings: Settings, *, live_only: bool) -> list[Result]:
    """Recognise recordings in this process."""
    models = recognition_models(settings)
    recognizer = load_recognizer(models, settings.asr_options)
    detector = SpeechActivityDetector(settings.asr_options.live.vad)
    results = []
    offline = None if live_only else _Offline(recognizer, models, detector)
    with _progress("Recognising", recordings) as each:
        for recording in each:
            lang = _known(recognizer, recording.lang)
            samples = read_samples(recording.path)
            heard = hear(recognizer, samples, lang, timer=time.process_time, detector=detector)
            result = Result(
                recording,
                len(samples) / SAMPLE_RATE,
                recognizer.capabilities(lang).model,
                heard.text,
                heard.delays,
                heard.final_latency,
                heard.cpu,
            )
            results.append(offline.added(result) if offline else result)
    return results


async def _spoken(url: str, clips: Sequence[Clip], streams: int) -> list[Result]:
    """Speak recordings to a server in real time, so many at once."""
    running(url)  # a wrong address is told before anything else
    room = asyncio.Semaphore(streams)
    async with connect(url) as client:
        # What is wrong is told at once, and the server is warm.
        async for _ in client.recognize(clips[0].pcm):
            pass

        async def one(clip: Clip) -> AsrResult:
            async with room:
                return await speak(client, clip, clip.recording.lang)

        takes = await asyncio.gather(*map(one, clips))
    return [
        Result(
            take.recording,
            take.seconds,
            take.model,
            take.text,
            take.delays,
            float("nan") if take.final_latency is None else take.final_latency,
            failure=take.failure,
        )
        for take in takes
    ]


def _with_offline(results: Sequence[Result], settings: Settings) -> list[Result]:
    """Recognise here, offline, what a server has heard, by the models that it named."""
    offline: dict[str, _Offline] = {}
    for name in dict.fromkeys(result.model for result in results if result.model):
        try:
            models = recognition_models(settings, [name])
        except ModelError as problem:
            say(f"Not compared with {name} offline: {problem}")
        else:
            offline[name] = _Offline(load_recognizer(models, settings.asr_options), models)
    with _progress("Recognising offline", results) as each:
        return [
            offline[result.model].added(result) if result.model in offline else result
            for result in each
        ]


class _Offline:
    """What the same models make of whole recordings."""

    def __init__(
        self,
        recognizer: Recognizer,
        models: Sequence[InstalledModel],
        detector: SpeechActivityDetector | None = None,
    ) -> None:
        self._recognizer = recognizer
        self._detector = detector
        self._models = {model.name: model for model in models}
        self._plain: dict[str, Transcriber | None] = {}

    def added(self, result: Result) -> Result:
        """Return a result with what is offline."""
        samples = read_samples(result.recording.path)
        lang = result.recording.lang
        turn = max(1.0, result.seconds + 1)
        whole = hear(self._recognizer, samples, lang, turn, detector=self._detector)
        result = replace(result, whole=whole.text, cpu_whole=whole.cpu)
        plain = self._plain_user(result.model)
        if plain is None:
            return result
        began = time.process_time()
        text = plain(samples, lang)
        return replace(result, plain=text, cpu_plain=time.process_time() - began)

    def _plain_user(self, name: str) -> Transcriber | None:
        if name not in self._plain:
            try:
                self._plain[name] = offline_transcriber(self._models[name])
            except ValueError:  # an online model has no other way to hear
                self._plain[name] = None
        return self._plain[name]


def _known(recognizer: Recognizer, lang: str) -> str:
    """Return a recording's language, or say that there is no model for it."""
    if lang != "auto" and lang not in recognizer.languages:
        raise ValueError(
            f"the manifest has recordings in {lang!r}, but the models recognise: "
            + ", ".join(recognizer.languages)
        )
    return lang


@contextmanager
def _progress(what: str, items: Sequence[_T]) -> Iterator[Iterator[_T]]:
    """Give items one by one, with a progress bar on a terminal."""
    if not sys.stderr.isatty():
        yield iter(items)
        return
    with Progress(console=Console(stderr=True), transient=True) as progress:
        yield iter(progress.track(items, description=what))
