"""Whose key a connection was opened with, for what belongs to one key only."""

from __future__ import annotations

from starlette.types import Scope

_KEY = "liusheng.key"


def put_caller(scope: Scope, name: str) -> None:
    """Note the name of the key of a connection."""
    scope[_KEY] = name


def caller(scope: Scope) -> str:
    """Return the name of the key of a connection; "" where none is needed."""
    return str(scope.get(_KEY, ""))
