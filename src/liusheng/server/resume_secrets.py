"""The secrets that servers share to resume each other's recognitions."""

from __future__ import annotations

import os
import re
from pathlib import Path

from liusheng.runtime.environment import RESUME_SECRETS_VARIABLE
from liusheng.server.config.resume import ResumeSettings
from liusheng.server.secret_strength import check_strength

_LEAST_CHARS = 32


def resume_secrets(settings: ResumeSettings) -> tuple[bytes, ...]:
    """Return the secrets, the one to seal with first; none: the servers share none.

    Raises:
        ValueError: the file cannot be read, or a secret is too short or too easy to guess; it does
            not show a secret.
    """
    text, where = os.environ.get(RESUME_SECRETS_VARIABLE, ""), RESUME_SECRETS_VARIABLE
    if settings.secret_file:
        where = f"resume.secret_file {settings.secret_file}"
        try:
            text = Path(settings.secret_file).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise ValueError(f"{where} cannot be read: {reason}") from None
    secrets = [each.strip() for each in re.split(r"[\n,]", text) if each.strip()]
    if settings.secret_file and not secrets:
        raise ValueError(f"{where} is empty; it needs a secret: {_HOW}")
    for place, secret in enumerate(secrets, 1):
        if len(secret) < _LEAST_CHARS:
            raise ValueError(
                f"{where}: secret {place} has {len(secret)} characters, and needs {_LEAST_CHARS} "
                f"at least; make one with: {_HOW}"
            )
        try:
            check_strength(secret)
        except ValueError as problem:
            raise ValueError(f"{where}: secret {place} {problem}; make one with: {_HOW}") from None
    return tuple(secret.encode() for secret in secrets)


_HOW = "openssl rand -base64 32"
