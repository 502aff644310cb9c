"""How fetched files become what an engine opens, where the two differ.

A recipe is a function `convert(source_dir, target_dir, **options)`: it reads files that were
fetched and checked in one folder and writes files into another, which exists. The same input gives
the same output as long as the libraries it uses do not change. The catalogue names recipes by the
keys here; their modules are imported when they are used, for some need heavy libraries.
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

NAMES = frozenset(_MODULES)


def run(recipe: str, source_dir: Path, target_dir: Path, options: dict[str, Any]) -> None:
    """Run a recipe by its name.

    Raises:
        RecipeError: there is no such recipe, it lacks a library, or the files are not what it
            was written for.
        OSError: reading or writing failed.
    """
    if recipe not in _MODULES:
        raise RecipeError(f"there is no recipe called {recipe!r}; there are {', '.join(_MODULES)}")
    try:
        module = import_module(f"{__name__}.{_MODULES[recipe]}")
        module.convert(source_dir, target_dir, **options)
    except ImportError as error:
        raise RecipeError(
            f"the recipe {recipe!r} needs the library {error.name}: "
            "`pip install 'liusheng[server]'`"
        ) from error
    except (ValueError, TypeError, LookupError) as error:
        raise RecipeError(
            f"the recipe {recipe!r} could not use what was fetched: {error}"
        ) from error
