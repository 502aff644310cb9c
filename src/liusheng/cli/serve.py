"""`liusheng serve`: starts the server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from liusheng.cli.constants import USAGE
from liusheng.cli.setting_flags import setting_flags
from liusheng.cli.terminal import error, info
from liusheng.cli.translation import translated
from liusheng.server.config.paddlespeech_yaml import Adopted, adopt
from liusheng.server.config.sources import Loaded, SettingsError, load
from liusheng.server.config.toml import to_toml

_ACTIONS = Group("Actions", sort_key=1)


@translated
def serve(
    *,
    host: str | None = None,
    port: tuple[int, ...] = (),
    asr: Annotated[tuple[str, ...], Parameter(negative=("--no-asr",))] | None = None,
    tts: Annotated[tuple[str, ...], Parameter(negative=("--no-tts",))] | None = None,
    workers: int | None = None,
    path_prefix: str | None = None,
    no_auth: bool | None = None,
    log_level: Literal["debug", "info", "warning", "error"] | None = None,
    log_format: Literal["text", "json"] | None = None,
    config: Path | None = None,
    config_file: Annotated[Path | None, Parameter(name=("--config-file", "--config_file"))] = None,
    set_: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    print_config: Annotated[bool, Parameter(group=_ACTIONS)] = False,
    yes: Annotated[bool, Parameter(group=_ACTIONS)] = False,
) -> int:
    """Start the server, after downloading the models that it needs and that are missing.

    Settings come from the settings file, from environment variables (LIUSHENG_HOST, ...,
    LIUSHENG_LIMITS__IDLE_SECONDS) and from options; each of these overrides those before it.

    Parameters
    ----------
    host
        Address to listen on; 0.0.0.0 accepts connections from all machines that can reach it, and
        needs API keys (`liusheng keys add NAME`) or --no-auth.
    port
        Port to listen on; may be given more than once.
    asr
        Model for recognition: a name from `liusheng models list`, or the folder of another model.
        May be given more than once: the first is the default, later ones take over languages.
    tts
        Model for synthesis, as --asr; may be given more than once: the first has the default voice.
    workers
        Worker processes for recognition, and as many for synthesis; by default one per core.
    path_prefix
        Prefix of every path, behind a reverse proxy.
    no_auth
        Serve everyone who can reach the server, without API keys, even on 0.0.0.0.
    log_level
        Lowest severity that is logged.
    log_format
        Lines of text, or one JSON object per line.
    config
        Settings file (TOML); by default $LIUSHENG_CONFIG, else liusheng.toml in the current folder,
        else liusheng.toml in the user's configuration folder.
    config_file
        Configuration file (YAML) of a PaddleSpeech server. The entries that apply to this server
        are used; for each of the others a message says why it is not. All other sources override
        it.
    set_
        Any other setting, as KEY=VALUE: --set limits.idle_seconds=120. --print-config lists all.
    print_config
        Print the effective settings as a settings file, with the source of each, and exit.
    yes
        Download missing models without asking.
    """
    named: list[tuple[str, str, Any]] = [
        ("host", "--host", host),
        ("ports", "--port", list(port) or None),
        ("asr.models", "--asr", None if asr is None else list(asr)),
        ("tts.models", "--tts", None if tts is None else list(tts)),
        ("workers.asr", "--workers", workers),
        ("workers.tts", "--workers", workers),
        ("path_prefix", "--path-prefix", path_prefix),
        ("access.no_auth", "--no-auth", no_auth),
        ("log_level", "--log-level", log_level),
        ("log_format", "--log-format", log_format),
    ]

    def read() -> tuple[Loaded, Adopted]:
        adopted = adopt(config_file) if config_file else Adopted({}, [])
        origins = {path: (str(config_file), value) for path, value in adopted.values.items()}
        return load(config=config, flags=setting_flags(set_, named), adopted=origins), adopted

    try:
        loaded, adopted = read()
    except SettingsError as problem:
        for line in str(problem).splitlines():
            error(line)
        return USAGE
    for sentence in adopted.unused:
        info(sentence)
    if print_config:
        sys.stdout.write(to_toml(loaded))
        return 0
    settings = loaded.settings

    from liusheng.server.access.opening import ExposedError, check_exposure

    try:
        check_exposure(settings)
    except ExposedError as problem:
        error(str(problem))
        return USAGE

    from liusheng.cli.missing_models import pull_configured
    from liusheng.server.main import run

    return pull_configured(settings, ask=not yes) or run(settings, lambda: read()[0].settings)
