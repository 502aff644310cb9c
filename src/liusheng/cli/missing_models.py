"""Downloads the models that a server needs and that are missing, after asking."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from liusheng.cli.constants import FAILED, USAGE
from liusheng.cli.model_actions import pull_models
from liusheng.cli.terminal import error, info
from liusheng.cli.translation import translate as tr
from liusheng.models.errors import ModelError
from liusheng.models.store import Store
from liusheng.server.config.settings import Settings


def pull_configured(settings: Settings, *, ask: bool) -> int:
    """Download what is missing of the models that a server with these settings loads; return the
    exit status. Without the model that corrects recognition it can serve. ask: see `pull_missing`.
    """
    correction = settings.asr.correction.model
    return pull_missing(
        settings.home,
        [*settings.asr.models, *settings.asr.helpers, *settings.tts.models],
        ask=ask,
        optional=[correction] if correction and settings.asr.models else [],
    )


def pull_missing(
    home: Path, names: Sequence[str], *, ask: bool, optional: Sequence[str] = ()
) -> int:
    """Download those models of the catalogue that are missing; return the exit status, 0 if all are
    there.

    names: models, or folders, which are never downloaded.
    ask: for agreement before downloading, if standard input is a terminal. Nothing is asked where
        all are copied from a shared folder.
    optional: models that are downloaded along with missing ones, and whose failure is no error.
        They are not downloaded alone, so that a failed one does not delay every later start.
    """
    store = Store(home)
    try:
        missing = _missing(store, names)
        extra = [name for name in _missing(store, optional) if name not in missing]
    except ModelError as problem:
        error(str(problem))
        return USAGE
    if not missing:
        return 0
    info(tr("These models are not installed yet:"))
    for name in [*missing, *extra]:
        model = store.catalogue[name]
        size = model.sources[0].download_size or model.size
        amount = f"{size / 1e6:,.0f} MB, " if size else ""
        info(f"  {name}: {model.title} ({amount}{model.licence})")
        if model.notice:
            info(f"    {model.notice}")
    if (
        ask
        and sys.stdin.isatty()
        and not _are_shared(store, [*missing, *extra])
        and not _agreed(tr("Download them into {folder}? [Y/n] ", folder=home))
    ):
        error(
            tr(
                "the server cannot start without its models; choose others with --asr and --tts, "
                "or download them with `liusheng models pull`"
            )
        )
        return FAILED
    return pull_models(store, [*missing, *extra], optional=extra)


def _missing(store: Store, names: Sequence[str]) -> list[str]:
    return [name for name in names if not store.names_folder(name) and not store.is_installed(name)]


def _are_shared(store: Store, names: Sequence[str]) -> bool:
    try:
        return all(store.is_shared(name) for name in names)
    except ModelError:
        return False  # the pull says why


def _agreed(question: str) -> bool:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("", "y", "yes", "是")
