"""Settings from the command line, for the commands that serve."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from liusheng.cli.translation import translate as tr
from liusheng.server.config.sources import SettingsError


def setting_flags(
    pairs: Iterable[str], named: Iterable[tuple[str, str, Any]]
) -> dict[str, tuple[str, Any]]:
    """Return the flags of `liusheng.server.config.sources.load`.

    pairs: values of --set, as KEY=VALUE.
    named: setting, flag and value of each flag with a name of its own, which win; None: not given.

    Raises:
        SettingsError: a pair has no "=".
    """
    flags: dict[str, tuple[str, Any]] = {}
    for item in pairs:
        key, equals, value = item.partition("=")
        if not equals:
            advice = tr("write it as KEY=VALUE, such as limits.idle_seconds=120")
            raise SettingsError(f"--set {item}: {advice}")
        flags[key.strip()] = ("--set", value.strip())
    return flags | {path: (flag, value) for path, flag, value in named if value is not None}
