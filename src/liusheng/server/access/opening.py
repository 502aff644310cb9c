"""What a server needs of access before it listens: its keys, its certificate, and a reason why it
may listen on its address."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

from liusheng.runtime.environment import API_KEYS_VARIABLE
from liusheng.server.access.binding import ExposedError, check_binding, is_loopback
from liusheng.server.access.keyring import Keyring
from liusheng.server.access.keys import keys_of_environment
from liusheng.server.access.tls import Certificate
from liusheng.server.config.settings import Settings

_log = logging.getLogger(__name__)

__all__ = ["Access", "ExposedError", "check_exposure", "open_access"]


@dataclass(frozen=True)
class Access:
    """keyring: None: no keys are needed. certificate: None: no TLS."""

    keyring: Keyring | None
    certificate: Certificate | None


def check_exposure(settings: Settings) -> None:
    """Check that not everyone can use the server who can reach it, unless that is said.

    Raises:
        ExposedError: it says what to do.
    """
    keys = settings.access.keys_file.exists() or bool(os.environ.get(API_KEYS_VARIABLE))
    check_binding(
        settings.host,
        keys_required=keys,
        no_auth=settings.access.no_auth,
        add_command=f"liusheng {settings.access.add_arguments}",
    )


def open_access(settings: Settings) -> Access:
    """Read the keys and the certificate.

    Raises:
        ExposedError, KeyFileError, CertificateError, ValueError: the server must not start so.
    """
    check_exposure(settings)
    if settings.access.no_auth and not is_loopback(settings.host):
        _log.warning("Everyone who can reach %s can use this server (--no-auth).", settings.host)
    tls = settings.tls
    return Access(
        keyring=None if settings.access.no_auth else _keyring(settings),
        certificate=Certificate(tls) if tls.certificate else None,
    )


def _keyring(settings: Settings) -> Keyring:
    try:
        environment = keys_of_environment(os.environ.get(API_KEYS_VARIABLE, ""))
    except ValueError as error:
        raise ValueError(f"The environment variable {API_KEYS_VARIABLE}: {error}.") from None
    return Keyring(settings.access.keys_file, environment)
