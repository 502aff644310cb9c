"""How the fields of a `session.update` are applied, and what of them has no effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from msgspec import UNSET, Struct, UnsetType

from liusheng.protocol.realtime import NotApplied

_T = TypeVar("_T")


def pick(new: _T | UnsetType | None, old: _T, default: _T) -> _T:
    """Return the value of a field: what is unset stays, null is the default."""
    if new is UNSET:
        return old
    return default if new is None else new


@dataclass
class Notes:
    """What of an update has no effect."""

    not_applied: list[NotApplied] = field(default_factory=list)

    def add(self, param: str, reason: str) -> None:
        """Note that a field has no effect, or another one. param: its path."""
        self.not_applied.append(NotApplied(param=param, reason=reason))

    def ignore(self, update: Struct, at: str, name: str, reason: str) -> None:
        """Note that a field of `update` has no effect, if it has a value. at: its path."""
        if getattr(update, name) not in (UNSET, None):
            self.add(f"{at}.{name}", reason)
