"""TLS from certificate files, which are read again when they change."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from pathlib import Path

from liusheng.runtime.environment import TLS_PASSWORD_VARIABLE
from liusheng.server.config.access import TlsSettings
from liusheng.server.limits.paced_tls import RecordContext

_log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
"""Seconds between two checks of the files. A pair that changes in two steps is whole after one
more."""


class CertificateError(Exception):
    """The certificate or its key cannot be used; the message says why."""


class Certificate:
    """A certificate with its key, and the context of the connections that use it.

    Connections that are open keep the certificate they began with; new ones get the newest.

    Raises:
        CertificateError: the files cannot be used.
    """

    def __init__(self, settings: TlsSettings) -> None:
        self._certificate = Path(settings.certificate).expanduser()
        self._key = Path(settings.key).expanduser() if settings.key else self._certificate
        self._seen = self._signed()
        self.context = _new_context()
        self._load(self.context)

    async def watch(self) -> None:
        """Read the files again when they change, until this is cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                self.refresh()
            except Exception:
                _log.exception("cannot watch the files of the certificate")

    def refresh(self) -> bool:
        """Read the files if they have changed; return whether there is a new certificate.

        Files that cannot be used are reported, and the certificate read before stays in use.
        """
        signed = self._signed()
        if signed == self._seen:
            return False
        self._seen = signed
        try:
            # First into a context that nobody uses: a failure half way must not leave a certificate
            # with another's key in the one in use.
            self._load(_new_context())
            self._load(self.context)
        except CertificateError as error:
            _log.error("%s The certificate read before stays in use.", error)
            return False
        _log.info("read the certificate %s again", self._certificate)
        return True

    def _load(self, context: RecordContext) -> None:
        try:
            context.load_cert_chain(self._certificate, self._key, _password)
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                why = "the key is of another certificate"
            else:
                why = f"they are not PEM files of a certificate and its key ({error})"
            raise CertificateError(
                f"The certificate {self._certificate} with the key {self._key} cannot be used: "
                f"{why}."
            ) from error
        except _NoPasswordError:
            raise CertificateError(
                f"The key {self._key} has a password: set it in the environment variable "
                f"{TLS_PASSWORD_VARIABLE}."
            ) from None
        except OSError as error:
            files = dict.fromkeys(map(str, (self._certificate, self._key)))
            name = error.filename or " or ".join(files)
            raise CertificateError(f"{name} cannot be read: {error.strerror}.") from error

    def _signed(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_signature(file) for file in (self._certificate, self._key))


class _NoPasswordError(Exception):
    """A key has a password, which nobody gave."""


def _password() -> str:
    try:
        return os.environ[TLS_PASSWORD_VARIABLE]
    except KeyError:
        raise _NoPasswordError from None


def _new_context() -> RecordContext:
    context = RecordContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _signature(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
