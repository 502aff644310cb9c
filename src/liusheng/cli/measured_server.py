"""The server that `liusheng bench` measures, and the recordings for it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from liusheng.bench.recordings import Recording, read_manifest
from liusheng.bench.target import Target, find_server, start_server
from liusheng.cli.constants import FAILED, USAGE
from liusheng.cli.server_address import describe_error, server_url
from liusheng.cli.terminal import error, problem_text
from liusheng.client import ClientError

Serve = Annotated[
    bool,
    Parameter(
        help="Start a server for the measurement and stop it afterwards; the arguments after -- "
        "are passed to its `liusheng serve`. Without it a running server is measured, and its "
        "processes only if it is on this machine."
    ),
]
ServeArguments = Annotated[tuple[str, ...], Parameter(name="serve-arguments", show=False)]


def has_stray_arguments(serve_arguments: Sequence[str], serve: bool) -> bool:
    """Whether there are arguments for a server that is not started; if so, print an error."""
    if serve_arguments and not serve:
        error(f"{' '.join(serve_arguments)}: arguments for a server need --serve")
    return bool(serve_arguments) and not serve


def failed(problem: Exception) -> int:
    """Print an error; return the exit status."""
    error(describe_error(problem) if isinstance(problem, ClientError) else problem_text(problem))
    return USAGE if isinstance(problem, ValueError) else FAILED


def recordings(manifest: Path | None, audio: Sequence[Path], lang: str | None) -> list[Recording]:
    """The recordings that a command names; raises as `read_manifest`."""
    if manifest is None:
        return [Recording(path.name, lang or "auto", path, "") for path in audio]
    return [each for each in read_manifest(manifest) if lang in (None, each.lang)]


@contextlib.contextmanager
def measured_server(server: str | None, arguments: Sequence[str] | None) -> Iterator[Target]:
    """Give the server to measure: a running one, or one that is started with these arguments."""
    if arguments is None:
        yield find_server(server_url(server))
        return
    with start_server(arguments) as target:
        yield target
