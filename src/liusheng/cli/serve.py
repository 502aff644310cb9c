"""`liusheng serve`: the server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from liusheng.cli.terminal import error, say
from liusheng.server.config.paddlespeech_yaml import Adopted, adopt
from liusheng.server.config.sources import SettingsError, load
from liusheng.server.config.toml import to_toml

_ACTIONS = Group("What to do", sort_key=1)


def serve(
    *,
    host: str | None = None,
    port: tuple[int, ...] = (),
    asr: Annotated[tuple[str, ...], Parameter(negative=("--no-asr",))] | None = None,
    tts: Annotated[tuple[str, ...], Parameter(negative=("--no-tts",))] | None = None,
    workers: int | None = None,
    path_prefix: str | None = None,
    log_level: Literal["debug", "info", "warning", "error"] | None = None,
    log_format: Literal["text", "json"] | None = None,
    config: Path | None = None,
    config_file: Annotated[Path | None, Parameter(name=("--config-file", "--config_file"))] = None,
    set_: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    print_config: Annotated[bool, Parameter(group=_ACTIONS)] = False,
    yes: Annotated[bool, Parameter(group=_ACTIONS)] = False,
) -> int:
    """Start the server, and fetch the models that it needs and that are missing.

    A setting comes from the settings file, from the environment (LIUSHENG_HOST, ...,
    LIUSHENG_LIMITS__IDLE_SECONDS), or from a flag; a later one of these is stronger.

    Parameters
    ----------
    host
        Address to listen on; 0.0.0.0 lets in everyone who can reach this machine.
    port
        Port to listen on; may be given more than once.
    asr
        Model for recognition, from `liusheng models list`, or a folder with a model of your own;
        may be given more than once: the first is the default, a later one takes its languages.
    tts
        Model for synthesis; may be given more than once: the first has the default voice.
    workers
        Processes for recognition, and as many for synthesis; by default one for each core.
    path_prefix
        What every path begins with, behind a reverse proxy.
    log_level
        The least important message that is logged.
    log_format
        Lines for people, or one JSON object a line.
    config
        Settings file (TOML); else $LIUSHENG_CONFIG, else liusheng.toml in this folder, else
        liusheng.toml in the user's configuration folder.
    config_file
        Configuration (YAML) of a PaddleSpeech server: what has a meaning here is taken over, and
        of the rest it is said why not. Everything else is stronger than it.
    set_
        Any other setting, as KEY=VALUE: --set limits.idle_seconds=120; --print-config lists them.
    print_config
        Print the effective settings as a settings file, with where each comes from, and stop.
    yes
        Fetch missing models without asking.
    """
    flags: dict[str, tuple[str, Any]] = {}
    for item in set_:
        key, equals, value = item.partition("=")
        if not equals:
            error(f"--set {item}: write it as KEY=VALUE, such as limits.idle_seconds=120")
            return 2
        flags[key.strip()] = ("--set", value.strip())
    named: list[tuple[str, str, Any]] = [
        ("host", "--host", host),
        ("ports", "--port", list(port) or None),
        ("asr.models", "--asr", None if asr is None else list(asr)),
        ("tts.models", "--tts", None if tts is None else list(tts)),
        ("workers.asr", "--workers", workers),
        ("workers.tts", "--workers", workers),
        ("path_prefix", "--path-prefix", path_prefix),
        ("log_level", "--log-level", log_level),
        ("log_format", "--log-format", log_format),
    ]
    flags |= {path: (flag, value) for path, flag, value in named if value is not None}
    try:
        adopted = adopt(config_file) if config_file else Adopted({}, [])
        origins = {path: (str(config_file), value) for path, value in adopted.values.items()}
        loaded = load(config=config, flags=flags, adopted=origins)
    except SettingsError as problem:
        for line in str(problem).splitlines():
            error(line)
        return 2
    for sentence in adopted.unused:
        say(sentence)
    if print_config:
        sys.stdout.write(to_toml(loaded))
        return 0
    settings = loaded.settings

    from liusheng.cli.fetch import fetch_missing
    from liusheng.server.main import run

    correction = settings.asr.correction.model
    status = fetch_missing(
        settings.home,
        [*settings.asr.models, *settings.asr.helpers, *settings.tts.models],
        ask=not yes,
        helpful=[correction] if correction and settings.asr.models else [],
    )
    return status or run(settings)
