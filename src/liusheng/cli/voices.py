"""`liusheng voices`: lists the voices of a server, and lets them be heard."""

from __future__ import annotations

import asyncio
import sys
import urllib.error
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from liusheng.cli.audio_files import FileFormat, format_of
from liusheng.cli.constants import FAILED, USAGE
from liusheng.cli.server_address import (
    ApiKeyOption,
    CaFileOption,
    ServerOption,
    describe_error,
    open_client,
)
from liusheng.cli.speaking import speak
from liusheng.cli.terminal import error, info, open_console, printable
from liusheng.cli.translation import translate as tr
from liusheng.cli.translation import translated
from liusheng.client import CannotConnectError, Client
from liusheng.client.options import API_KEY_VARIABLE

SAMPLES = {
    "zh": "你好，我是流声的声音。今天是2026年，天气很好。",
    "en": "Hello, this is one of the voices of Liusheng. It is a fine day.",
}
"""What a voice says as a sample, by its language."""


class ListedVoice(Struct, frozen=True):
    """A voice as a server describes it."""

    id: int
    name: str
    languages: tuple[str, ...] = ()
    gender: str = ""
    model: str = ""

    @property
    def sample(self) -> str:
        """A sentence that it can say."""
        return next((SAMPLES[lang] for lang in self.languages if lang in SAMPLES), SAMPLES["en"])


@translated
def voices(
    *,
    sample: str | None = None,
    output: Annotated[Path | None, Parameter(name=("--output", "-o"))] = None,
    format_: Annotated[FileFormat | None, Parameter(name="--format")] = None,
    play: str | None = None,
    server: ServerOption = None,
    api_key: ApiKeyOption = None,
    ca_file: CaFileOption = None,
) -> int:
    """List the voices of a server, or hear a sample of one.

    If standard output is not a terminal: one line for each voice, with the fields number, name,
    languages, gender and model separated by tabs.

    Parameters
    ----------
    sample
        Voice whose sample is written to the file given with -o.
    output
        File for the sample. Its name selects the format, as for `liusheng tts`.
    format_
        Format of the file; by default its name selects it.
    play
        Voice whose sample is played.
    """
    if (sample is None) != (output is None):
        error(tr("a sample needs a voice and a file: --sample VOICE -o FILE; or use --play VOICE"))
        return USAGE
    if sample is not None and play is not None and sample != play:
        error(tr("--sample and --play name different voices"))
        return USAGE
    try:
        kind = format_of(output, format_)
        client = open_client(server, api_key, ca_file)
    except ValueError as problem:
        error(str(problem))
        return USAGE
    known = _ask(client)
    if known is None:
        return FAILED
    name = play if sample is None else sample
    if name is None:
        _list(known)
        return 0
    voice = next((each for each in known if name in (each.name, str(each.id))), None)
    if voice is None:
        names = ", ".join(each.name for each in known) or tr("none")
        error(tr("there is no voice {name}; there are: {names}", name=name, names=names))
        return USAGE
    return speak(
        client,
        voice.sample,
        output=output,
        kind=kind,
        play=play is not None,
        voice=voice.name,
    )


def _ask(client: Client) -> tuple[ListedVoice, ...] | None:
    """Return the server's voices; None, with a message, if it does not name them."""
    try:
        described: Any = asyncio.run(client.info()).get("tts")
        if described is None:
            error(tr("the server has no voices: it does not synthesise"))
            return None
        return msgspec.convert(described["voices"], tuple[ListedVoice, ...])
    except urllib.error.HTTPError as problem:
        if problem.code == HTTPStatus.UNAUTHORIZED:
            error(
                tr("the server needs an API key: set it in ${variable}", variable=API_KEY_VARIABLE)
            )
        else:
            error(tr("the server does not name its voices: {reason}", reason=problem))
    except urllib.error.URLError as problem:
        lost = f"There is no server at {client.address.http('')} ({problem.reason})."
        error(describe_error(CannotConnectError(lost)))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        error(tr("the server does not name its voices: {reason}", reason=problem))
    return None


def _list(known: tuple[ListedVoice, ...]) -> None:
    rows = [
        (
            str(voice.id),
            printable(voice.name),
            " ".join(voice.languages),
            voice.gender,
            voice.model,
        )
        for voice in known
    ]
    if not sys.stdout.isatty():
        sys.stdout.write("".join("\t".join(map(printable, row)) + "\n" for row in rows))
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", tr("voice"), tr("languages"), tr("gender"), tr("model")):
        table.add_column(heading)
    for row in rows:
        table.add_row(*map(printable, row))
    open_console().print(table)
    info(tr("To hear one: liusheng voices --play VOICE"))
