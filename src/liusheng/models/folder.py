"""A user's own model folder, and the file that may describe it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from liusheng.models import kinds
from liusheng.models.errors import IncompleteModelError
from liusheng.models.types import InstalledModel, Kind

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE_NAME = "model.toml"


class Description(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of a `model.toml` in the folder; all are optional.

    kind: required where it cannot be detected by the files.
    languages: codes, the best first.
    options: for the engine, as in the catalogue (a voice's `gender`, `speakers`, ...).
    """

    kind: Kind | None = None
    languages: tuple[str, ...] = ()
    options: dict[str, Any] = {}


def open_folder(folder: Path, name: str, given: Description) -> InstalledModel:
    """Return the model in `folder`. Fields of `given` take precedence over its `model.toml`.

    Raises:
        IncompleteModelError: the folder does not exist, its `model.toml` is invalid, the kind
            cannot be detected, or files are missing.
    """
    if not folder.is_dir():
        raise IncompleteModelError(f"the folder {folder} does not exist")
    described = _read(folder / FILE_NAME)
    kind = given.kind or described.kind or kinds.detect(folder)
    return InstalledModel(
        name=name,
        task=kinds.LAYOUTS[kind].task,
        kind=kind,
        path=folder,
        files=kinds.find_files(folder, kind),
        languages=given.languages or described.languages,
        options={**described.options, **given.options},
    )


def _read(path: Path) -> Description:
    if not path.is_file():
        return Description()
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Description)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        known = ", ".join(kind.value for kind in Kind)
        raise IncompleteModelError(
            f"{path}: {error}. Its fields are kind (one of {known}), languages and options"
        ) from error
