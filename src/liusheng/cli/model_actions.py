"""Actions on several models, one after another, with their progress and errors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable

from liusheng.cli.constants import FAILED, USAGE
from liusheng.cli.model_progress import show_progress
from liusheng.cli.terminal import error, info, open_console
from liusheng.cli.translation import translate as tr
from liusheng.models.errors import ModelError, UnknownModelError
from liusheng.models.progress import ProgressCallback
from liusheng.models.store import Store


def pull_models(
    store: Store,
    names: Iterable[str],
    optional: Collection[str] = (),
    *,
    accept_unverified: bool = False,
) -> int:
    """Download models; return the exit status.

    optional: those of them whose failure is reported, but does not fail the command.
    accept_unverified: also download files without a published checksum.
    """

    def pull(name: str, listener: ProgressCallback) -> str:
        installed = store.is_installed(name)
        path = store.pull(name, listener, accept_unverified).path
        model = store.catalogue[name]
        state = tr("already installed") if installed else tr("installed")
        text = f"{name}: {state} ({model.licence}) {path}"
        return f"{text}\n  {model.notice}" if model.notice else text

    return for_each_model(store, names, pull, optional)


def for_each_model(
    store: Store,
    names: Iterable[str],
    action: Callable[[str, ProgressCallback], str],
    optional: Collection[str] = (),
) -> int:
    """Apply an action to each model, continuing after failures; return the exit status.

    action: takes a model's name and a listener for its progress, and returns a line to print.
    optional: see `pull_models`.
    """
    status = 0
    console = open_console(stderr=True, soft_wrap=True)
    unique = list(dict.fromkeys(names))
    for name in unique:
        try:
            store.catalogue[name]
        except UnknownModelError as problem:
            error(str(problem))
            status = USAGE
    if status:
        return status
    for name in unique:
        try:
            with show_progress(console) as listener:
                line = action(name, listener)
        except ModelError as problem:
            if name in optional:
                advice = tr("It is optional: the server works without it.")
                info(f"{name}: {problem}\n  {advice}")
            else:
                error(f"{name}: {problem}")
                status = FAILED
        else:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    return status
