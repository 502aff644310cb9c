"""The keys that a running server accepts: of the environment, and of a file that may change."""

from __future__ import annotations

import logging
from pathlib import Path

from liusheng.server.access.key_file import KeyFileError, read_keys, readable_by_others
from liusheng.server.access.keys import ApiKey, find

_log = logging.getLogger(__name__)

Signature = tuple[int, int, int]


class Keyring:
    """Accepts keys; reads the file again when it has changed.

    Once keys are required they stay so: neither an empty file nor one that disappears opens the
    server.

    file: need not exist.
    environment: keys that are not in the file.

    Raises:
        KeyFileError: the file is there but cannot be used.
    """

    def __init__(self, file: Path, environment: tuple[ApiKey, ...] = ()) -> None:
        self._file = file
        self._environment = environment
        self._accept(environment)
        self._signature: Signature | None = None
        self.required = bool(environment)
        signature = self._signed()
        if signature:
            self._take(read_keys(file), signature)

    @property
    def keys(self) -> tuple[ApiKey, ...]:
        """The keys that are accepted now, expired ones included."""
        return self._keys

    def find(self, secret: str) -> ApiKey | None:
        """Return the key with this secret; it may be expired."""
        return find(secret, self._keys)

    def holds(self, key: ApiKey) -> bool:
        """Return whether a key is still accepted: neither revoked, nor replaced, nor expired."""
        return not key.expired() and (key.name, key.sha256) in self._accepted

    def refresh(self) -> bool:
        """Read the file if it has changed; return whether it had.

        A file that cannot be used is reported, and the keys read before stay in use.
        """
        signature = self._signed()
        if signature == self._signature:
            return False
        try:
            if signature is None:
                raise KeyFileError(f"The file of keys {self._file} is not there any more.")
            self._take(read_keys(self._file), signature)
        except KeyFileError as error:
            self._signature = signature
            _log.error("%s The keys read before stay in use.", error)
            return False
        _log.info("read %d keys from %s", len(self._keys) - len(self._environment), self._file)
        return True

    def _take(self, keys: tuple[ApiKey, ...], signature: Signature) -> None:
        if clash := {key.name for key in keys} & {key.name for key in self._environment}:
            raise KeyFileError(
                f"The key {min(clash)} is in the environment and in {self._file}: rename one."
            )
        if readable_by_others(self._file):
            _log.warning(
                "Other users of this machine can read %s: run chmod 600 on it.", self._file
            )
        self._accept((*self._environment, *keys))
        self._signature = signature
        self.required = True

    def _accept(self, keys: tuple[ApiKey, ...]) -> None:
        self._keys = keys
        self._accepted = {(each.name, each.sha256) for each in keys}

    def _signed(self) -> Signature | None:
        """Return what changes when the file does; None if there is none."""
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size
