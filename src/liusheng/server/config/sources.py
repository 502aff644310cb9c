"""The sources of settings: a file, the environment, flags; each overrides the ones before it.

An unknown setting in any of them is an error: a misspelt one must not be ignored silently.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import platformdirs
from pydantic import BaseModel, ValidationError
from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource

from liusheng.models.shared import SHARED_VARIABLE
from liusheng.runtime.environment import SECRET_VARIABLES
from liusheng.server.config.recognition import SET_BY_WORKERS
from liusheng.server.config.settings import Settings

FILE_NAME = "liusheng.toml"
PREFIX = "LIUSHENG_"
CONFIG_VARIABLE = "LIUSHENG_CONFIG"
OTHER_VARIABLES = SECRET_VARIABLES | {
    CONFIG_VARIABLE,
    "LIUSHENG_EVAL_SET",
    "LIUSHENG_MIRROR",
    SHARED_VARIABLE,
    "LIUSHENG_SERVER",
}
"""Variables with our prefix that are not settings of the server."""

DEFAULT = "default"

Keys = tuple[str, ...]


class SettingsError(ValueError):
    """Invalid settings; the message has a line for each fault, with its place."""


@dataclass(frozen=True)
class Loaded:
    """Settings and their origins.

    origins: for each setting by its path ("limits.idle_seconds"): "default", "file PATH",
        "env NAME" or "flag NAME".
    """

    settings: Settings
    origins: dict[str, str]


_ALIKE = 0.75
_ALIKE_PATHS = 0.8
_LEAST_BEGINNING = 3


def setting_paths() -> list[str]:
    """Return the path of every setting."""
    return [".".join(path) for path in _leaves(Settings)]


def variable_name(path: str) -> str:
    """Return the environment variable that sets the setting with this path."""
    return PREFIX + path.replace(".", "__").upper()


def find_file(config: str | os.PathLike[str] | None) -> Path | None:
    """Return the settings file to read; None if there is none.

    It is the first of: `config`, the file named by `LIUSHENG_CONFIG`, liusheng.toml in the current
    folder, and liusheng.toml in the platform's folder for the user's settings.

    Raises:
        SettingsError: a named file does not exist, or this user may not see it.
    """
    named = config or os.environ.get(CONFIG_VARIABLE)
    if named:
        by = "" if config else f" (named by {CONFIG_VARIABLE})"
        try:
            found = stat.S_ISREG(Path(named).expanduser().stat().st_mode)
        except PermissionError as error:
            raise SettingsError(
                f"The settings file {named}{by} cannot be read: {error.strerror}."
            ) from error
        except OSError:
            found = False
        if not found:
            raise SettingsError(f"There is no settings file {named}{by}.")
        return Path(named).expanduser()
    for folder in (Path(), platformdirs.user_config_path("liusheng")):
        # A service may be started in a folder of another user, whose files it may not see.
        with suppress(PermissionError):
            if (folder / FILE_NAME).is_file():
                return folder / FILE_NAME
    return None


def load(
    *,
    config: str | os.PathLike[str] | None = None,
    flags: Mapping[str, tuple[str, Any]] | None = None,
    adopted: Mapping[str, tuple[str, Any]] | None = None,
) -> Loaded:
    """Read the settings file, the environment and flags.

    config: the file; None: the one that `find_file` returns.
    flags: by path of the setting: the flag as the user wrote it ("--port"), and its value.
    adopted: by path of the setting: the name of a PaddleSpeech configuration, and the value taken
        from it; everything else overrides it.

    Raises:
        SettingsError: settings are unknown, unreadable or out of range; it lists all of them.
    """
    values: dict[Keys, tuple[Any, str]] = {
        tuple(path.split(".")): (value, f"file {name}")
        for path, (name, value) in (adopted or {}).items()
    }
    faults: list[str] = []
    for path, value, origin in (
        *_from_file(find_file(config), faults),
        *_from_environment(faults),
        *_from_flags(flags or {}, faults),
    ):
        values[path] = (value, origin)
    origins = {
        ".".join(path): values[path][1] if path in values else DEFAULT for path in _leaves(Settings)
    }
    settings = None
    try:
        settings = Settings(**_nested({path: value for path, (value, _) in values.items()}))
    except ValidationError as error:
        faults += [
            _fault_message(fault, origins)
            for fault in error.errors(include_url=False)
            # A default that follows from a value with a fault of its own.
            if fault["type"] != "default_factory_not_called"
        ]
    if faults or settings is None:
        raise SettingsError("\n".join(faults))
    return Loaded(settings, origins)


@cache
def _leaves(model: type[Any], above: Keys = ()) -> tuple[Keys, ...]:
    """Return the settings of a group, then those of the groups in it."""
    return tuple(_walk(model, above))


def _walk(model: type[Any], above: Keys) -> Iterator[Keys]:
    hints = get_type_hints(model)
    names = [f.name for f in fields(model)] if is_dataclass(model) else list(model.model_fields)
    groups = [name for name in names if _is_group(hints[name])]
    for name in names:
        if name not in groups and ".".join((*above, name)) not in SET_BY_WORKERS:
            yield (*above, name)
    for name in groups:
        yield from _leaves(hints[name], (*above, name))


def _is_group(kind: Any) -> bool:
    return isinstance(kind, type) and (issubclass(kind, BaseModel) or is_dataclass(kind))


def _flat(values: Mapping[str, Any], above: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, (*above, name))
        else:
            yield (*above, name), value


def _nested(values: Mapping[Keys, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for (*groups, name), value in values.items():
        table = out
        for group in groups:
            table = table.setdefault(group, {})
        table[name] = value
    return out


def _from_file(file: Path | None, faults: list[str]) -> Iterator[tuple[Keys, Any, str]]:
    if file is None:
        return
    try:
        table = TomlConfigSettingsSource(Settings, file).toml_data
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # TOML's own, and bytes that are not UTF-8
        raise SettingsError(f"{file} is not TOML: {error}.") from error
    known = set(_leaves(Settings))
    groups = {path[:length] for path in known for length in range(1, len(path))}
    for path, value in _flat(table):
        if path in known:
            yield path, value, f"file {file}"
        elif value != {} or path not in groups:  # an empty table of a known group has no effect
            dotted = ".".join(path)
            faults.append(f"{file}: there is no setting {dotted}{_suggestion(dotted)}")


def _from_environment(faults: list[str]) -> Iterator[tuple[Keys, Any, str]]:
    by_variable = {variable_name(".".join(path)): path for path in _leaves(Settings)}
    values = dict(_flat(EnvSettingsSource(Settings)()))
    for name in sorted(os.environ):
        if not name.startswith(PREFIX) or name in OTHER_VARIABLES:
            continue
        if name not in by_variable:
            misspelt = name.removeprefix(PREFIX).replace("__", ".").lower()
            hint = _suggestion(misspelt, variable_name)
            faults.append(f"The environment variable {name} names no setting{hint}")
        elif by_variable[name] in values:
            yield by_variable[name], values[by_variable[name]], f"env {name}"


def _from_flags(
    flags: Mapping[str, tuple[str, Any]], faults: list[str]
) -> Iterator[tuple[Keys, Any, str]]:
    known = set(_leaves(Settings))
    for dotted, (flag, value) in flags.items():
        path = tuple(dotted.split("."))
        if path in known:
            yield path, value, f"flag {flag}"
        else:
            faults.append(f"{flag}: there is no setting {dotted}{_suggestion(dotted)}")


def _closest(path: str) -> list[str]:
    """Return the settings that may be meant: the one with the most similar name in the same group,
    those with the same name elsewhere, or one with a similar path."""
    paths = setting_paths()
    group, _, name = path.rpartition(".")
    beside = {known.rpartition(".")[2]: known for known in paths if _group(known) == group}
    likeness = {each: _likeness(name, each) for each in beside}
    if likeness and max(likeness.values()) >= _ALIKE:
        return [beside[max(likeness, key=lambda each: likeness[each])]]
    namesakes = [known for known in paths if known.rpartition(".")[2] == name]
    elsewhere = [known for known in paths if _group(known) != group]
    return namesakes or difflib.get_close_matches(path, elsewhere, n=1, cutoff=_ALIKE_PATHS)


def _group(path: str) -> str:
    return path.rpartition(".")[0]


def _likeness(one: str, other: str) -> float:
    """Return how similar two names are, up to 1; the beginning of one is `_ALIKE` at least."""
    ratio = difflib.SequenceMatcher(None, one, other).ratio()
    short, long = sorted((one, other), key=len)
    begins = len(short) >= _LEAST_BEGINNING and long.startswith(short)
    return max(ratio, _ALIKE + ratio / 10) if begins else ratio


def _suggestion(path: str, spelt: Callable[[str], str] = str) -> str:
    guess = [spelt(known) for known in _closest(path)]
    return f"; did you mean {' or '.join(guess)}?" if guess else "."


_WORDS = {
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be more than {gt:g}",
    "less_than_equal": "must be at most {le:g}",
    "less_than": "must be less than {lt:g}",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be a text in quotes",
    "string_too_short": "must not be empty",
    "list_type": "must be a list",
    "too_short": "must not be empty",
    "path_type": "must be a path",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "value_error": "{error}",
    "model_type": "is a group of settings, not a setting",
}


def _fault_message(fault: Any, origins: Mapping[str, str]) -> str:
    place = [str(part) for part in fault["loc"]]
    words = _WORDS.get(fault["type"], fault["msg"]).format(**fault.get("ctx", {}))
    for length in range(len(place), 0, -1):
        path = ".".join(place[:length])
        if path in origins:
            return f"{path} = {fault['input']!r} ({origins[path]}): {words}."
    # The fault is a combination of settings; name those that are not defaults.
    group = ".".join(place)
    chosen = [
        f"{path} from {origin}"
        for path, origin in origins.items()
        if path.startswith(group) and origin != DEFAULT
    ]
    return f"{group or 'settings'} ({', '.join(chosen)}): {words}."
