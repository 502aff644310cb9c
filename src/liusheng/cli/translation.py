"""Messages and help in the language of the user: English, or Chinese where the locale is.

Texts are written in English; `chinese.toml` has the Chinese of each, as a gettext catalogue would.
Errors that the server, its settings or a library word are shown as they are.
"""

from __future__ import annotations

import functools
import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])

_PARAMETERS = "Parameters\n----------\n"


def translate(text: str, /, **values: object) -> str:
    """Return a text in the user's language.

    values: replace {names} in it, as by `str.format`.
    """
    known = catalogue() if is_chinese() else {}
    shown = known.get(text, text)
    return shown.format(**values) if values else shown


def is_chinese() -> bool:
    """Whether the locale is Chinese: LC_ALL, LC_MESSAGES, LANG, and LANGUAGE over them, as for
    gettext."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((os.environ[name] for name in names if os.environ.get(name)), "C")
    if locale.partition(".")[0] not in ("C", "POSIX"):
        locale = os.environ.get("LANGUAGE", "").partition(":")[0] or locale
    return re.match(r"zh(?![a-z])", locale.lower()) is not None


@functools.cache
def catalogue() -> Mapping[str, str]:
    """The Chinese of each English text."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    file = Path(__file__).with_name("chinese.toml")
    texts: dict[str, str] = tomllib.loads(file.read_text(encoding="utf-8"))
    return texts


def translated(command: _F) -> _F:
    """Translate the docstring of a command, which is its help."""
    if command.__doc__ and is_chinese():
        head, parameters = parts_of_help(command.__doc__)
        doc = "\n\n".join(map(translate, head))
        if parameters:
            lines = (f"{name}\n    {translate(text)}\n" for name, text in parameters.items())
            doc += f"\n\n{_PARAMETERS}{''.join(lines)}"
        command.__doc__ = doc
    return command


def parts_of_help(doc: str) -> tuple[list[str], dict[str, str]]:
    """Return the paragraphs of a docstring in NumPy's style, and the text of each parameter, each
    on one line."""
    head, _, rest = inspect.cleandoc(doc).partition(_PARAMETERS)
    parameters = re.findall(r"^(\w+)\n((?:(?: {4}.*)?\n?)+?)(?=^\w|\Z)", rest, re.MULTILINE)
    return (
        [" ".join(paragraph.split()) for paragraph in head.strip().split("\n\n")],
        {name: " ".join(text.split()) for name, text in parameters},
    )
