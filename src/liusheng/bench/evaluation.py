"""Evaluates recognition on recordings: by models in this process, or by a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from liusheng.asr.recognizer import Recognizer
from liusheng.asr.types import SAMPLE_RATE
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.bench.asr_client import AsrResult, recognize_clip
from liusheng.bench.eval_results import EvalResult
from liusheng.bench.recordings import Clip, Recording, read_samples
from liusheng.bench.transcribe import TranscribeSamples, offline_transcriber, transcribe_live
from liusheng.client import connect
from liusheng.models.types import InstalledModel


class Evaluator:
    """Transcribes recordings in this process with one recogniser and its models.

    models: those that `recognizer` was loaded with.
    detector: of speech (see `InProcessStream`).
    """

    def __init__(
        self,
        recognizer: Recognizer,
        models: Sequence[InstalledModel],
        detector: SpeechActivityDetector | None = None,
    ) -> None:
        self._recognizer = recognizer
        self._detector = detector
        self._models = {model.name: model for model in models}
        self._plain: dict[str, TranscribeSamples | None] = {}

    def live(
        self,
        recording: Recording,
        turn: float = 0.1,
        timer: Callable[[], float] = time.process_time,
    ) -> EvalResult:
        """Transcribe a recording live; for `turn` and `timer` see `simulate_live`.

        Raises:
            ValueError: no model recognises the recording's language.
            DecodeError, OSError: the recording cannot be read.
        """
        lang = recording.lang
        if lang != "auto" and lang not in self._recognizer.languages:
            raise ValueError(
                f"the manifest has recordings in {lang!r}, but the models recognise: "
                + ", ".join(self._recognizer.languages)
            )
        samples = read_samples(recording.path)
        transcript = transcribe_live(self._recognizer, samples, lang, turn, timer, self._detector)
        return EvalResult(
            recording,
            len(samples) / SAMPLE_RATE,
            self._recognizer.capabilities(lang).model,
            transcript.text,
            transcript.delays,
            transcript.final_latency,
            transcript.cpu,
        )

    def with_offline(self, result: EvalResult) -> EvalResult:
        """Add the offline transcripts of the same recording, `whole` and `plain`."""
        return self.with_plain(self.with_whole(result))

    def with_whole(self, result: EvalResult) -> EvalResult:
        """Add the transcript of the whole recording at once."""
        samples = read_samples(result.recording.path)
        turn = max(1.0, result.seconds + 1)
        whole = transcribe_live(
            self._recognizer, samples, result.recording.lang, turn, detector=self._detector
        )
        return replace(result, whole=whole.text, cpu_whole=whole.cpu)

    def with_plain(self, result: EvalResult) -> EvalResult:
        """Add the plain transcript; an online model has none."""
        transcribe = self._plain_transcriber(result.model)
        if transcribe is None:
            return result
        samples = read_samples(result.recording.path)
        started = time.process_time()
        text = transcribe(samples, result.recording.lang)
        return replace(result, plain=text, cpu_plain=time.process_time() - started)

    def _plain_transcriber(self, name: str) -> TranscribeSamples | None:
        if name not in self._plain:
            try:
                self._plain[name] = offline_transcriber(self._models[name])
            except ValueError:  # an online model
                self._plain[name] = None
        return self._plain[name]


async def evaluate_server(url: str, clips: Sequence[Clip], streams: int) -> list[EvalResult]:
    """Stream recordings to a server in real time, `streams` at once.

    Raises:
        ValueError: the address is not valid.
        ClientError: the server cannot be reached, or does not recognise the first recording.
    """
    limit = asyncio.Semaphore(streams)
    async with connect(url) as client:
        # Fails before anything is measured, and warms the server up.
        async for _ in client.recognize(clips[0].pcm):
            pass

        async def recognize(clip: Clip) -> AsrResult:
            async with limit:
                return await recognize_clip(client, clip, clip.recording.lang)

        results = await asyncio.gather(*map(recognize, clips))
    return [
        EvalResult(
            result.recording,
            result.seconds,
            result.model,
            result.text,
            result.delays,
            float("nan") if result.final_latency is None else result.final_latency,
            failure=result.failure,
        )
        for result in results
    ]
