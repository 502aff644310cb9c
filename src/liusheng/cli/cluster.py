"""`liusheng cluster`: serves on more than one machine, with Ray Serve."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter

from liusheng.cli.constants import USAGE
from liusheng.cli.setting_flags import setting_flags
from liusheng.cli.terminal import error
from liusheng.cli.translation import translate as tr
from liusheng.cli.translation import translated
from liusheng.server.config.settings import Settings
from liusheng.server.config.sources import SettingsError, load

app = cyclopts.App(name="cluster", help=tr("Serve on more than one machine, with Ray Serve."))

Set = Annotated[tuple[str, ...], Parameter(name="--set")]


@app.command
@translated
def serve(
    config: Path | None = None,
    /,
    *,
    address: str | None = None,
    host: str | None = None,
    port: int | None = None,
    no_auth: bool | None = None,
    set_: Set = (),
    yes: bool = False,
) -> int:
    """Serve with as many replicas of the server as the load needs, until Ctrl-C.

    SIGHUP reads the settings again and replaces the replicas, without ending a session.

    Parameters
    ----------
    config
        Settings file (TOML), as of `liusheng serve`; its table [cluster] says how large a replica
        is, and how many there may be.
    address
        Ray cluster to join: auto (that of this machine), HOST:PORT, or ray://HOST:PORT. By default
        Ray is started on this machine, and ends with this command.
    host
        Address that the proxies listen on.
    port
        Port that the proxies listen on.
    no_auth
        Serve everyone who can reach the server, without API keys, even on 0.0.0.0.
    set_
        Any other setting, as KEY=VALUE: --set limits.idle_seconds=120. --print-config lists all.
    yes
        Download missing models without asking.
    """

    def read() -> Settings:
        return _settings(config, set_, host=host, port=port, no_auth=no_auth)

    settings = _read(read)
    if settings is None:
        return USAGE
    from liusheng.cli.missing_models import pull_configured
    from liusheng.cluster.serving.proxy import PROXY_VALUE, PROXY_VARIABLE
    from liusheng.server.access.opening import ExposedError, check_exposure

    # Ray reads these when it is imported. As in the rest of this program, nothing is sent to
    # anybody, and no line of the log is left out.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    # Ray runs its workers at niceness 15: beside other programs, speech would hardly get a core.
    os.environ.setdefault("RAY_worker_niceness", "0")
    os.environ.setdefault(PROXY_VARIABLE, PROXY_VALUE)
    try:
        check_exposure(settings)
        from liusheng.cluster.serving.ray_running import run

        return pull_configured(settings, ask=not yes) or run(settings, address, read)
    except (ExposedError, ValueError) as problem:
        error(str(problem))
        return USAGE


@app.command(name="config")
@translated
def config_(
    config: Path | None = None,
    /,
    *,
    host: str | None = None,
    port: int | None = None,
    no_auth: bool | None = None,
    set_: Set = (),
) -> int:
    """Print the configuration file of Ray Serve (YAML) for `serve deploy` and KubeRay.

    Parameters
    ----------
    config
        Settings file (TOML), as of `liusheng serve`; its table [cluster] says how large a replica
        is, and how many there may be.
    host
        Address that the proxies listen on.
    port
        Port that the proxies listen on.
    no_auth
        Serve everyone who can reach the server, without API keys, even on 0.0.0.0.
    set_
        Any other setting, as KEY=VALUE: --set limits.idle_seconds=120. --print-config lists all.
    """
    import yaml

    from liusheng.cluster.serving.servable import serve_config

    settings = _read(lambda: _settings(config, set_, host=host, port=port, no_auth=no_auth))
    if settings is None:
        return USAGE
    try:
        written = serve_config(settings)
    except ValueError as problem:
        error(str(problem))
        return USAGE
    sys.stdout.write(yaml.safe_dump(written, sort_keys=False, allow_unicode=True))
    return 0


def _settings(
    config: Path | None,
    pairs: tuple[str, ...],
    *,
    host: str | None,
    port: int | None,
    no_auth: bool | None,
) -> Settings:
    """Read the settings, as `liusheng serve` does.

    Raises:
        SettingsError: they are invalid.
    """
    named: list[tuple[str, str, Any]] = [
        ("host", "--host", host),
        ("ports", "--port", None if port is None else [port]),
        ("access.no_auth", "--no-auth", no_auth),
    ]
    return load(config=config, flags=setting_flags(pairs, named)).settings


def _read(read: Callable[[], Settings]) -> Settings | None:
    """Return the settings; None after a message that says why there are none."""
    try:
        return read()
    except SettingsError as problem:
        for line in str(problem).splitlines():
            error(line)
        return None
