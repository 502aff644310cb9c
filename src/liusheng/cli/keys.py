"""`liusheng keys`: makes, lists and revokes the API keys of a server."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

import cyclopts
import msgspec
from cyclopts import Parameter

from liusheng.cli.constants import FAILED, USAGE
from liusheng.cli.terminal import error, info
from liusheng.cli.translation import translate as tr
from liusheng.cli.translation import translated
from liusheng.server.access.key_file import KeyFileError, change_keys, read_keys
from liusheng.server.access.keys import ApiKey, KeyTask, check_name, digest, new_secret
from liusheng.server.config.sources import SettingsError, load

app = cyclopts.App(name="keys", help=tr("Create, list and revoke the API keys of a server."))

KeysFile = Annotated[
    Path | None,
    Parameter(help=tr("File of the keys; by default that of the settings (access.keys_file).")),
]

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class _UsageError(Exception):
    """What was asked cannot be done; the message says why."""


@app.command
@translated
def add(
    name: str,
    /,
    *,
    task: tuple[KeyTask, ...] = (),
    max_sessions: int | None = None,
    requests_per_minute: int | None = None,
    expires: str | None = None,
    keys_file: KeysFile = None,
) -> int:
    """Create a key and print it. It is shown only this once: the file stores its digest.

    A running server accepts it within seconds. Once there is a key, every client needs one.

    Parameters
    ----------
    name
        Name of the key, which lists and logs show: the person or program that will use it.
    task
        What it allows, asr or tts; may be given twice; by default both.
    max_sessions
        Sessions (WebSockets, and requests of the task) at the same time.
    requests_per_minute
        Requests and WebSockets that may begin in a minute.
    expires
        When it expires: a time from now, such as 12h, 30d or 8w, or a date, such as 2027-01-31.
    """
    secret = new_secret()

    def change(keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        if any(key.name == name for key in keys):
            raise _UsageError(
                tr(
                    "there is a key {name} already; `liusheng keys rotate {name}` replaces it",
                    name=name,
                )
            )
        return (*keys, key)

    try:
        for option, value in (
            ("--max-sessions", max_sessions),
            ("--requests-per-minute", requests_per_minute),
        ):
            if value is not None and value < 1:
                raise _UsageError(
                    tr("{option} {value}: it must be at least 1", option=option, value=value)
                )
        key = ApiKey(
            name=check_name(name),
            sha256=digest(secret),
            created=_now(),
            expires=_end(expires) if expires else None,
            tasks=tuple(dict.fromkeys(task)) or ("asr", "tts"),
            max_sessions=max_sessions,
            requests_per_minute=requests_per_minute,
        )
    except (_UsageError, ValueError) as problem:
        error(str(problem))
        return USAGE
    return _change(keys_file, change, lambda file: _show(secret, file))


@app.command(name="list")
@translated
def list_keys(*, keys_file: KeysFile = None) -> int:
    """List the keys: name, tasks, limits, creation and expiry, separated by tabs. The keys
    themselves are not shown."""
    try:
        file = _file(keys_file)
        keys = read_keys(file) if file.exists() else ()
    except (_UsageError, KeyFileError) as problem:
        error(str(problem))
        return FAILED
    for key in keys:
        end = _local(key.expires) if key.expires else "never"
        fields = [
            key.name,
            ",".join(key.tasks),
            f"sessions {key.max_sessions or '-'}",
            f"requests/min {key.requests_per_minute or '-'}",
            f"made {_local(key.created)}",
            f"expired {end}" if key.expired() else f"expires {end}",
        ]
        sys.stdout.write("\t".join(fields) + "\n")
    if not keys:
        info(tr("There is no key in {file}.", file=file))
    return 0


@app.command
@translated
def revoke(name: str, /, *, keys_file: KeysFile = None) -> int:
    """Remove a key. A running server refuses it, and ends its sessions, within seconds."""

    def change(keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        _named(name, keys)
        return tuple(key for key in keys if key.name != name)

    return _change(keys_file, change, lambda _: info(tr("The key {name} is revoked.", name=name)))


@app.command
@translated
def rotate(name: str, /, *, keys_file: KeysFile = None) -> int:
    """Replace a key by a new one with the same name and limits, and print it.

    The old key and its sessions end at once. To change keys without an interruption, add a key with
    another name, and revoke the old one when it is no longer used.
    """
    secret = new_secret()

    def change(keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        old = _named(name, keys)
        new = msgspec.structs.replace(old, sha256=digest(secret), created=_now())
        return tuple(new if key is old else key for key in keys)

    return _change(keys_file, change, lambda file: _show(secret, file))


@app.command
@translated
def generate() -> int:
    """Print a new key and store nothing: for LIUSHENG_API_KEYS of the server's environment."""
    sys.stdout.write(new_secret() + "\n")
    return 0


def _change(
    keys_file: Path | None,
    change: Callable[[tuple[ApiKey, ...]], tuple[ApiKey, ...]],
    done: Callable[[Path], None],
) -> int:
    try:
        file = _file(keys_file)
        change_keys(file, change)
    except _UsageError as problem:
        error(str(problem))
        return USAGE
    except KeyFileError as problem:
        error(str(problem))
        return FAILED
    done(file)
    return 0


def _file(named: Path | None) -> Path:
    if named is not None:
        return named.expanduser()
    try:
        return load().settings.access.keys_file
    except SettingsError as problem:
        raise _UsageError(str(problem)) from None


def _named(name: str, keys: tuple[ApiKey, ...]) -> ApiKey:
    for key in keys:
        if key.name == name:
            return key
    names = ", ".join(key.name for key in keys) or tr("none")
    raise _UsageError(tr("there is no key {name}; there are: {names}", name=name, names=names))


def _show(secret: str, file: Path) -> None:
    sys.stdout.write(secret + "\n")
    info(tr("This key is not shown again; {file} holds its digest.", file=file))


def _end(text: str) -> datetime:
    if found := re.fullmatch(r"(\d{1,5})([hdw])", text):
        return _now() + int(found[1]) * _UNITS[found[2]]
    try:
        end = datetime.strptime(text, "%Y-%m-%d").astimezone()
    except ValueError:
        raise _UsageError(
            tr(
                "--expires {text}: write a time from now, such as 30d, or a date, such as "
                "2027-01-31",
                text=text,
            )
        ) from None
    if end <= _now():
        raise _UsageError(tr("--expires {text} is in the past", text=text))
    return end


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M %z}"


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)
