"""Files are transcribed in parallel, over as many sessions as the server has room for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, cast

from liusheng.audio.containers import DecodeError
from liusheng.audio.files import replacing
from liusheng.cli.audio_sources import FileAudio
from liusheng.cli.server_address import describe_error
from liusheng.cli.terminal import as_text, printable
from liusheng.cli.transcription.formats import TranscriptFormat, render
from liusheng.cli.transcription.jobs import TranscriptionJob
from liusheng.client import CannotConnectError, Client, ClientError, Final, ServerError
from liusheng.timeouts import wait_for_event

_PAUSE_SECONDS = 1.0
"""Between attempts, where a busy server does not say how long."""

_LEAST_PAUSE_SECONDS = 0.1


class Watcher(Protocol):
    """Is told what happens."""

    def began(self, job: TranscriptionJob) -> None:
        """A file is being sent."""

    def sent(self, job: TranscriptionJob, seconds: float) -> None:
        """So many seconds of its audio were sent."""

    def waits(self, job: TranscriptionJob) -> None:
        """The server is busy; the file is sent again later."""

    def ended(self, job: TranscriptionJob, problem: str) -> None:
        """Its outputs are there; or, with a problem, are not."""


@dataclass
class Transcriber:
    """Transcribes jobs.

    sessions: at most so many files at once. While the server is busy with others, there are fewer:
        a file that it refused is sent again after the time that the server named, or as soon as
        another file of the batch has ended.
    """

    client: Client
    watcher: Watcher
    sessions: int
    lang: str
    _waiting: deque[TranscriptionJob] = field(default_factory=deque)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    failed: int = 0

    async def run(self, jobs: Iterable[TranscriptionJob]) -> None:
        """Transcribe all jobs.

        Raises:
            CannotConnectError: the server cannot be reached; the rest is not tried.
        """
        self._waiting.extend(jobs)
        workers = [
            asyncio.create_task(self._work()) for _ in range(min(self.sessions, len(self._waiting)))
        ]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        while self._waiting:
            job = self._waiting.popleft()
            problem = ""
            try:
                await self._transcribe(job)
            except DecodeError as error:
                problem = printable(as_text(str(error)))
            except CannotConnectError:
                raise
            except ClientError as error:
                problem = f"{_shown(job.source)}: {describe_error(error)}"
            except OSError as error:
                file = error.filename or job.source
                problem = f"{_shown(file)}: {error.strerror or error}"
            except ValueError as error:
                problem = f"{_shown(job.source)}: {error}"
            self.failed += bool(problem)
            self.watcher.ended(job, problem)
            self._ended.set()
            self._ended = asyncio.Event()

    async def _transcribe(self, job: TranscriptionJob) -> None:
        while True:
            self.watcher.began(job)
            try:
                final = await self._recognize(job)
                break
            except ServerError as error:
                if not error.transient:  # else it works, and has no place now
                    raise
                pause = _PAUSE_SECONDS if error.retry_after is None else error.retry_after
            self.watcher.waits(job)
            await wait_for_event(self._ended, max(pause, _LEAST_PAUSE_SECONDS))
        await asyncio.to_thread(_write, job, final)

    async def _recognize(self, job: TranscriptionJob) -> Final:
        audio = await asyncio.to_thread(FileAudio, str(job.source), realtime=False)
        name = as_text(job.source.name)
        async for update in self.client.recognize(audio, lang=self.lang, name=name):
            if isinstance(update, Final):
                return update
            self.watcher.sent(job, audio.seconds)
        raise AssertionError("a recognition ends with its final text")


def _shown(path: object) -> str:
    """A name that was found in a folder may have anything in it."""
    return printable(as_text(str(path)))


def _write(job: TranscriptionJob, final: Final) -> None:
    """Write the outputs, each complete or not at all.

    Raises:
        OSError: one cannot be written.
        ValueError: the text has no times, which subtitles need.
    """
    texts = [
        (path, render(final, cast("TranscriptFormat", form))) for form, path in job.outputs.items()
    ]
    for path, text in texts:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
