"""Conversions of fetched files to those that an engine opens.

A recipe is a function `convert(source_dir, target_dir, **options)`. It reads fetched and checked
files in one folder and writes files into another, which exists. The output is a function of the
input and of the versions of its libraries. The catalogue names recipes by the keys here. Their
modules are imported on use, because some need large libraries.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from liusheng.models.errors import RecipeError

_MODULES = {
    "fastspeech2-mbmelgan": "fastspeech2_mbmelgan",
    "join": "join",
    "moonshine-tokens": "moonshine_tokens",
    "word-readings": "word_readings",
}

RECIPES = frozenset(_MODULES)
"""The names of the recipes."""


def run(recipe: str, source_dir: Path, target_dir: Path, options: dict[str, Any]) -> None:
    """Run a recipe by its name.

    Raises:
        RecipeError: the recipe does not exist, a package is missing, or the files are not those
            that it was written for.
        OSError: reading or writing failed.
    """
    if recipe not in _MODULES:
        raise RecipeError(f"there is no recipe {recipe!r}; the recipes are {', '.join(_MODULES)}")
    try:
        module = import_module(f"{__name__}.{_MODULES[recipe]}")
        module.convert(source_dir, target_dir, **options)
    except ImportError as error:
        raise RecipeError(
            f"the recipe {recipe!r} needs the package {error.name}, which is not installed: in a "
            "clone of the repository, run `pip install '.[server]'`"
        ) from error
    except (ValueError, TypeError, LookupError) as error:
        raise RecipeError(
            f"the recipe {recipe!r} cannot convert the fetched files: {error}"
        ) from error
