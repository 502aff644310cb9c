"""Settings that a server keeps while it runs, whatever a reload reads."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from liusheng.server.config.settings import Settings

_log = logging.getLogger(__name__)


def keep_fixed(new: Settings, running: Settings, paths: Iterable[str]) -> Settings:
    """Return the new settings with some of those that run, and log which would have changed.

    paths: of settings, as "tls.key".
    """
    for path in paths:
        asked, fixed = value_at(new, path), value_at(running, path)
        if asked != fixed:
            _log.warning("%s = %r is used after a restart only; it is still %r", path, asked, fixed)
            new = _with(new, path, fixed)
    return new


def value_at(settings: Settings, path: str) -> object:
    """Return the value of a setting."""
    value: object = settings
    for name in path.split("."):
        value = value[name] if isinstance(value, Mapping) else getattr(value, name)
    return value


def _with(settings: Settings, path: str, value: object) -> Settings:
    """Return the settings with another value of one setting, which is valid."""
    group, _, name = path.rpartition(".")
    if not group:
        return settings.model_copy(update={name: value})
    changed = getattr(settings, group).model_copy(update={name: value})
    return settings.model_copy(update={group: changed})
