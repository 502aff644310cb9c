"""The `liusheng` command."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence

from liusheng import __version__

USAGE = 2
"""Exit status when the command line cannot be understood."""

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""

STANDARD_INPUT = "/dev/stdin"
"""What "-" on the command line stands for."""

_COMMANDS = {
    "serve": ("serve:serve", "Start the server."),
    "asr": ("asr:asr", "Recognise speech: files, or the microphone."),
    "tts": ("tts:tts", "Say a text: into a file, or aloud."),
    "models": ("models:app", "List, fetch, check and remove models."),
    "eval": ("eval:evaluate", "Measure how well recordings are recognised."),
    "bench": ("bench:app", "Measure a server: how many it serves, how fast and well."),
    "doctor": ("doctor:doctor", "Check this installation: packages, models, speed."),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status.

    0: done. 1: it failed, and a message on standard error says why. 2: the command line, or a
    setting, cannot be understood. 130: interrupted.
    """
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
        help="Liusheng (流声): a streaming speech server, and its client.",
        version=__version__,
        suppress_keyboard_interrupt=False,
        default_parameter=cyclopts.Parameter(show_default=False, negative=()),
    )
    # By name: a subcommand and what it needs are imported when it is run. It has a longer text
    # for its own help than for the list of commands.
    for name, (place, summary) in _COMMANDS.items():
        app.command(f"liusheng.cli.{place}", name=name, help=None if command else summary)
    try:
        result = app(tokens, exit_on_error=False, result_action="return_value")
    except cyclopts.CycloptsError:
        return USAGE  # cyclopts has said what is wrong
    except KeyboardInterrupt:
        return INTERRUPTED
    except ImportError as error:
        missing = _missing_package(error)
        if missing is None:
            raise
        sys.stderr.write(
            f"error: `liusheng {command}` needs the package {missing}, which is not installed:\n"
            "  pip install 'liusheng[server]'\n"
        )
        return 1
    return result if isinstance(result, int) else 0


def _unknown(command: str) -> int:
    near = difflib.get_close_matches(command, _COMMANDS, n=1)
    hint = f"; did you mean {near[0]}?" if near else f": there are {', '.join(_COMMANDS)}"
    sys.stderr.write(f"error: there is no command {command}{hint}\n")
    return USAGE


def _missing_package(error: BaseException | None) -> str | None:
    """Return the package of others that an import failed for; None if it failed for ours."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name:
            package = error.name.partition(".")[0]
            return None if package == "liusheng" else package
        error = error.__cause__
    return None
