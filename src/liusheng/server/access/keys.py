"""API keys: how they are made and compared, and what each allows."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Literal

import msgspec
from msgspec import Struct

from liusheng.server.secret_strength import check_strength

PREFIX = "ls_"
"""Of every key, so that people and scanners for leaked secrets recognise one."""

MIN_CHARS = 32
"""Of keys that were made elsewhere: fewer characters could be guessed from their digest."""

_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

KeyTask = Literal["asr", "tts"]


class ApiKey(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key as it is stored: without its secret.

    sha256: digest of the secret, in hexadecimal. A fast hash is right here: slow ones protect
        passwords, which can be guessed; nobody can guess 256 random bits from their digest.
    created, expires: with time zone; expires None: never.
    tasks: that it allows.
    max_sessions: WebSockets and requests of the tasks at the same time; None: no limit of its own.
    requests_per_minute: requests and WebSockets that may begin in a minute; None: no limit.
    """

    name: str
    sha256: str
    created: datetime
    expires: datetime | None = None
    tasks: tuple[KeyTask, ...] = ("asr", "tts")
    max_sessions: int | None = None
    requests_per_minute: int | None = None

    def expired(self) -> bool:
        """Return whether it is past its time."""
        return self.expires is not None and datetime.now(timezone.utc) >= self.expires


def new_secret() -> str:
    """Return a new key: 256 random bits, in characters that every header and URL takes."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """Return what is stored of a key."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def check_name(name: str) -> str:
    """Return a name of a key.

    Raises:
        ValueError: it is not one.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot be the name of a key: use up to 64 letters, digits, dots, hyphens "
            "and underscores, with a letter or digit first"
        )
    return name


def find(secret: str, keys: Iterable[ApiKey]) -> ApiKey | None:
    """Return the key with this secret.

    Every key is compared, in constant time: how long it takes says nothing of any of them.
    """
    wanted = digest(secret)
    found: ApiKey | None = None
    for key in keys:
        if hmac.compare_digest(key.sha256, wanted):
            found = key
    return found


def keys_of_environment(value: str) -> tuple[ApiKey, ...]:
    """Return the keys in an environment variable: "NAME=KEY,NAME=KEY", or one KEY alone.

    Raises:
        ValueError: it is not written so, or a key is short or easy to guess. The message quotes
            nothing: what looks like a name may be a part of a key.
    """
    keys: list[ApiKey] = []
    for number, item in enumerate(filter(None, (part.strip() for part in value.split(","))), 1):
        name, separator, secret = item.rpartition("=")
        if not separator:
            name = "environment"
        if not _NAME.fullmatch(name) or len(secret) < MIN_CHARS:
            raise ValueError(
                f"entry {number} is not NAME=KEY with a key of at least {MIN_CHARS} random "
                "characters, as `liusheng keys generate` prints them"
            )
        try:
            check_strength(secret)
        except ValueError as problem:
            raise ValueError(
                f"the key of entry {number} {problem}; make one with: liusheng keys generate"
            ) from None
        keys.append(ApiKey(name=name, sha256=digest(secret), created=datetime.now(timezone.utc)))
    if len({key.name for key in keys}) < len(keys):
        raise ValueError("two keys have the same name")
    return tuple(keys)


class KeyFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of a file of keys."""

    keys: tuple[ApiKey, ...] = ()


def parse_file(content: bytes) -> tuple[ApiKey, ...]:
    """Return the keys in a file.

    Raises:
        ValueError: it is not a file of keys.
    """
    keys = msgspec.json.decode(content, type=KeyFile).keys
    for key in keys:
        check_name(key.name)
        if not re.fullmatch("[0-9a-f]{64}", key.sha256):
            raise ValueError(f"the digest of the key {key.name} is not a SHA-256")
        if key.created.tzinfo is None or (key.expires and key.expires.tzinfo is None):
            raise ValueError(f"a time of the key {key.name} has no time zone")
        if not key.tasks:
            raise ValueError(f"the key {key.name} allows no task")
        limits = (key.max_sessions, key.requests_per_minute)
        if any(limit is not None and limit < 1 for limit in limits):
            raise ValueError(f"a limit of the key {key.name} is less than 1")
    if len({key.name for key in keys}) < len(keys):
        raise ValueError("two keys have the same name")
    return keys


def render_file(keys: Iterable[ApiKey]) -> bytes:
    """Return the content of a file with these keys."""
    content = msgspec.json.encode(KeyFile(keys=tuple(keys)))
    return msgspec.json.format(content, indent=2) + b"\n"
