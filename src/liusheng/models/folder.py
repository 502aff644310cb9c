"""A user's own model folder, and the file in which its owner can say what it is."""

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
    """What a `model.toml` in the folder may say; all of it is optional.

    kind: needed where the files alone do not tell it.
    languages: codes, the best first.
    options: for the engine, as in the catalogue (a voice's `gender`, `speakers`, ...).
    """

    kind: Kind | None = None
    languages: tuple[str, ...] = ()
    options: dict[str, Any] = {}


def open_folder(folder: Path, name: str, given: Description) -> InstalledModel:
    """Return the model in `folder`; what is `given` goes before what its `model.toml` says.

    Raises:
        IncompleteModelError: there is no such folder, its `model.toml` is wrong, the kind cannot
            be told, or files are missing; the text says which.
    """
    if not folder.is_dir():
        raise IncompleteModelError(f"there is no folder {folder}")
    said = _read(folder / FILE_NAME)
    kind = given.kind or said.kind or kinds.detect(folder)
    return InstalledModel(
        name=name,
        task=kinds.ANATOMY[kind].task,
        kind=kind,
        path=folder,
        files=kinds.find_files(folder, kind),
        languages=given.languages or said.languages,
        options={**said.options, **given.options},
    )


def _read(path: Path) -> Description:
    if not path.is_file():
        return Description()
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Description)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        known = ", ".join(kind.value for kind in Kind)
        raise IncompleteModelError(
            f"{path}: {error}. It may have kind (one of {known}), languages and options"
        ) from error
