"""The secret with which the replicas of one application resume each other's recognitions."""

from __future__ import annotations

import os
import secrets

from liusheng.runtime.environment import RESUME_SECRETS_VARIABLE

_BYTES = 32


def new_resume_secret() -> str:
    """Return a secret for the replicas of an application whose operator has set none."""
    return secrets.token_urlsafe(_BYTES)


def take_resume_secret(secret: str) -> None:
    """Use the secret in this process, a replica's, unless the environment has one.

    It goes where an operator would put it: from there worker processes do not get it, and a file
    that the settings name (`resume.secret_file`) wins.
    """
    if not os.environ.get(RESUME_SECRETS_VARIABLE):
        os.environ[RESUME_SECRETS_VARIABLE] = secret
