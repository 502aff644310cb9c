"""`liusheng transcribe`: transcribes many files into text or subtitle files."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from liusheng.cli.constants import FAILED, STANDARD_INPUT, USAGE
from liusheng.cli.server_address import (
    ApiKeyOption,
    CaFileOption,
    ServerOption,
    describe_error,
    open_client,
)
from liusheng.cli.terminal import as_text, error, info, problem_text
from liusheng.cli.transcription.batch import Transcriber
from liusheng.cli.transcription.formats import TranscriptFormat
from liusheng.cli.transcription.jobs import TranscriptionJob, plan
from liusheng.cli.transcription.progress import shown_progress
from liusheng.cli.translation import translate as tr
from liusheng.cli.translation import translated
from liusheng.client import CannotConnectError, Client

_REPLY_SECONDS = 600.0
"""A server decodes files in the time that live speakers leave."""


@translated
def transcribe(
    files: Annotated[tuple[str, ...], Parameter(name="file")] = (),
    /,
    *,
    format_: Annotated[tuple[TranscriptFormat, ...], Parameter(name="--format")] = ("txt",),
    output: Annotated[Path | None, Parameter(name=("--output", "-o"))] = None,
    sessions: Annotated[int, Parameter(name=("--sessions", "-j"))] = 4,
    lang: str = "auto",
    overwrite: bool = False,
    server: ServerOption = None,
    api_key: ApiKeyOption = None,
    ca_file: CaFileOption = None,
) -> int:
    """Transcribe files, and the audio and video files in folders, into text or subtitle files.

    Files that have an up-to-date transcript are skipped, so an interrupted command continues when
    it is run again. The names of the written files go to standard output.

    Parameters
    ----------
    files
        Audio or video files, or folders of them.
    format_
        txt, srt, vtt (subtitles), tsv (begin and end in milliseconds, text), json (text and words
        with times); may be given more than once.
    output
        Folder for the transcripts; by default each is beside its source.
    sessions
        Maximum number of files sent at once. If the server has no room for so many, the rest is
        sent later.
    lang
        Language of the speech: auto, zh, en, ...
    overwrite
        Transcribe all files again.
    """
    if not files:
        error(tr("name files or folders: see `liusheng transcribe --help`"))
        return USAGE
    if STANDARD_INPUT in files:
        error(tr("transcribe reads files; for standard input use `liusheng asr -`"))
        return USAGE
    if sessions < 1:
        error(tr("-j {count}: it must be at least 1", count=sessions))
        return USAGE
    if output is not None and output.exists() and not output.is_dir():
        error(tr("-o {file}: it is a file, and must be a folder", file=as_text(str(output))))
        return USAGE
    try:
        client = open_client(server, api_key, ca_file, timeout=_REPLY_SECONDS)
    except ValueError as problem:
        error(str(problem))
        return USAGE
    try:
        jobs = plan(files, dict.fromkeys(format_), output)
    except OSError as problem:
        error(as_text(problem_text(problem)))
        return FAILED
    if not jobs:
        error(tr("there is no audio or video file in these folders"))
        return USAGE
    left = jobs if overwrite else [job for job in jobs if not job.done]
    status = asyncio.run(_run(client, left, sessions, lang)) if left else 0
    if skipped := len(jobs) - len(left):
        info(
            tr(
                "transcribed before: {count} (--overwrite does it again)",
                count=skipped,
            )
        )
    return status


async def _run(client: Client, jobs: list[TranscriptionJob], sessions: int, lang: str) -> int:
    async with client:
        with shown_progress(len(jobs)) as watcher:
            batch = Transcriber(client, watcher, sessions, lang)
            try:
                await batch.run(jobs)
            except CannotConnectError as problem:
                error(describe_error(problem))
                return FAILED
    if batch.failed:
        error(tr("files that failed: {failed} of {count}", failed=batch.failed, count=len(jobs)))
        return FAILED
    return 0
