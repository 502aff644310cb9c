"""`liusheng tts`: synthesises speech from text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from liusheng.cli.audio_files import FileFormat, format_of
from liusheng.cli.constants import STANDARD_INPUT, USAGE
from liusheng.cli.server_address import ApiKeyOption, CaFileOption, ServerOption, open_client
from liusheng.cli.speaking import speak
from liusheng.cli.terminal import as_text, error
from liusheng.cli.translation import translate as tr
from liusheng.cli.translation import translated


@translated
def tts(
    text: Annotated[str, Parameter(name="text")] = STANDARD_INPUT,
    /,
    *,
    output: Annotated[Path | None, Parameter(name=("--output", "-o"))] = None,
    format_: Annotated[FileFormat | None, Parameter(name="--format")] = None,
    play: bool = False,
    voice: str | None = None,
    spk_id: int = 0,
    speed: float | None = None,
    explain: bool = False,
    server: ServerOption = None,
    api_key: ApiKeyOption = None,
    ca_file: CaFileOption = None,
) -> int:
    """Synthesise speech from text: write a file, or play it.

    Parameters
    ----------
    text
        The text. Without it, or with "-", it is read from standard input, and each line is
        synthesised as soon as it is complete.
    output
        File to write. Its name selects the format: .wav, .mp3, .ogg or .opus, .flac, .aac.
    format_
        Format of the file; by default its name selects it.
    play
        Play the speech while it arrives: with miniaudio if it is installed (pip install
        'liusheng[mic]'), else with ffplay, aplay or afplay.
    voice
        Name of a voice.
    spk_id
        Number of a voice; 0 is the server's default voice.
    speed
        Speaking rate: 1 is the voice's own, 2 takes half the time.
    explain
        Do not synthesise; print the analysis of the text as JSON: its clauses, their readings,
        pinyin and phones, and the voice that speaks each. Needs no server, but the server's
        packages and models.
    """
    if explain:
        from liusheng.cli.explain import explain as print_explanation

        return print_explanation(text, voice, spk_id)
    if output is None and not play:
        error(tr("name where the speech goes: -o FILE, or --play"))
        return USAGE
    try:
        kind = format_of(output, format_)
        client = open_client(server, api_key, ca_file)
    except ValueError as problem:
        error(str(problem))
        return USAGE
    return speak(
        client,
        as_text(text),
        output=output,
        kind=kind,
        play=play,
        voice=voice,
        spk_id=spk_id,
        speed=speed,
    )
