"""The key that a connection was opened with, for what belongs to one key only."""

from __future__ import annotations

from starlette.types import Scope

from liusheng.server.access.keys import ApiKey, KeyTask

_KEY = "liusheng.key"


def put_caller(scope: Scope, key: ApiKey) -> None:
    """Note the key of a connection."""
    scope[_KEY] = key


def key_of(scope: Scope) -> ApiKey | None:
    """Return the key of a connection; None where none is needed."""
    key: ApiKey | None = scope.get(_KEY)
    return key


def caller(scope: Scope) -> str:
    """Return the name of the key of a connection; "" where none is needed."""
    key = key_of(scope)
    return key.name if key else ""


def may(scope: Scope, task: KeyTask) -> bool:
    """Return whether the key of a connection allows a task."""
    key = key_of(scope)
    return key is None or task in key.tasks
