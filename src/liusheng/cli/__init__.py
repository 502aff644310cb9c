"""The `liusheng` command."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Sequence

from liusheng import __version__
from liusheng.cli.constants import FAILED, INTERRUPTED, STANDARD_INPUT, USAGE
from liusheng.cli.translation import is_chinese
from liusheng.cli.translation import translate as tr

_ALIKE = 0.75
_COMMANDS = {
    "serve": ("serve:serve", "Start the server."),
    "asr": ("asr:asr", "Transcribe audio files, or speech from the microphone."),
    "transcribe": ("transcribe:transcribe", "Transcribe many files into text or subtitle files."),
    "tts": ("tts:tts", "Synthesise speech from text: write a file, or play it."),
    "voices": ("voices:voices", "List the voices of a server, and play samples."),
    "models": ("models:app", "List, download, verify and remove models."),
    "keys": ("keys:app", "Create, list and revoke API keys."),
    "eval": ("eval:evaluate", "Measure the error rate and the latency of recognition."),
    "bench": ("bench:app", "Measure a server: latency, quality, and how many users it serves."),
    "cluster": ("cluster:app", "Serve on more than one machine, with Ray Serve."),
    "plan": ("plan:plan", "Compute how many servers a number of users needs, and what they cost."),
    "top": ("top:top", "Watch servers: sessions, load, delays, workers, memory."),
    "doctor": ("doctor:doctor", "Check this installation: packages, models, speed."),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status (see `liusheng.cli.constants`)."""
    import cyclopts

    # cyclopts takes a lone "-" for an option.
    tokens = [
        STANDARD_INPUT if token == "-" else token
        for token in (sys.argv[1:] if arguments is None else arguments)
    ]
    command = tokens[0] if tokens and not tokens[0].startswith("-") else ""
    if command and command not in _COMMANDS:
        return _unknown(command)
    app = cyclopts.App(
        name="liusheng",
        help=tr("Liusheng (流声): a streaming speech server, and its client."),
        version=__version__,
        help_formatter=_chinese_help() if is_chinese() else None,
        suppress_keyboard_interrupt=False,
        default_parameter=cyclopts.Parameter(show_default=False, negative=()),
    )
    # By name: a subcommand and its dependencies are imported only when it is run. Its own help text
    # is longer than its line in the list of commands.
    for name, (place, summary) in _COMMANDS.items():
        app.command(f"liusheng.cli.{place}", name=name, help=None if command else tr(summary))
    try:
        result = app(tokens, exit_on_error=False, result_action="return_value")
    except cyclopts.CycloptsError:
        return USAGE  # cyclopts has printed the error
    except KeyboardInterrupt:
        return INTERRUPTED
    except ImportError as error:
        missing = _missing_package(error)
        if missing is None:
            raise
        return _complain(
            tr(
                "`liusheng {command}` needs the package {package}, which is not installed. In a "
                "clone of the repository, run:",
                command=command,
                package=missing,
            )
            + f"\n  pip install '.[server{',cluster' if missing == 'ray' else ''}]'",
            FAILED,
        )
    return result if isinstance(result, int) else 0


def _unknown(command: str) -> int:
    if near := difflib.get_close_matches(command, _COMMANDS, n=1, cutoff=_ALIKE):
        text = tr("there is no command {name}; did you mean {near}?", name=command, near=near[0])
    else:
        names = ", ".join(_COMMANDS)
        text = tr("there is no command {name}: there are {names}", name=command, names=names)
    return _complain(text, USAGE)


def _complain(text: str, status: int) -> int:
    sys.stderr.write(tr("error: {text}", text=text) + "\n")
    return status


def _chinese_help() -> Callable[..., None]:
    from liusheng.cli.help_format import ChineseHelp

    return ChineseHelp()


def _missing_package(error: BaseException | None) -> str | None:
    """The third-party package that an import failed for; None if it failed for one of ours."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name:
            package = error.name.partition(".")[0]
            return None if package == "liusheng" else package
        error = error.__cause__
    return None
