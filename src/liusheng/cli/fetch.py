"""Models that a server is to have and this machine has not: asked about, and fetched."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from liusheng.cli.models import fetch
from liusheng.cli.terminal import error, say
from liusheng.models import ModelError, Store


def fetch_missing(
    home: Path, names: Sequence[str], *, ask: bool, helpful: Sequence[str] = ()
) -> int:
    """Fetch those of the catalogue's models that are missing; return an exit status, 0 when all
    are there.

    ask: before fetching, where standard input is a terminal.
    helpful: models that come along when something else is fetched, and that can be done without:
        where they cannot be had, a later start does not try again, and is quick.
    """
    store = Store(home)
    try:
        missing = _missing(store, names)
        extra = [name for name in _missing(store, helpful) if name not in missing]
    except ModelError as problem:
        error(str(problem))
        return 2
    if not missing:
        return 0
    say("Models that are not on this machine yet:")
    for name in [*missing, *extra]:
        model = store.catalogue[name]
        size = model.sources[0].download_size or model.size
        amount = f"{size / 1e6:,.0f} MB, " if size else ""
        say(f"  {name}: {model.title} ({amount}{model.licence})")
        if model.notice:
            say(f"    {model.notice}")
    if ask and sys.stdin.isatty() and not _agreed(f"Fetch into {home}? [Y/n] "):
        error(
            "without its models the server cannot start; "
            "choose others with --asr and --tts, or fetch them with `liusheng models pull`"
        )
        return 1
    return fetch(store, [*missing, *extra], optional=extra)


def _missing(store: Store, names: Sequence[str]) -> list[str]:
    return [name for name in names if not store.names_folder(name) and not store.is_installed(name)]


def _agreed(question: str) -> bool:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("", "y", "yes", "是")
