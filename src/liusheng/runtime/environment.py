"""The environment of worker processes, which has no secrets: some of them read hostile files."""

from __future__ import annotations

import os

API_KEYS_VARIABLE = "LIUSHENG_API_KEYS"
"""The keys that the server accepts."""

TLS_PASSWORD_VARIABLE = "LIUSHENG_TLS_PASSWORD"
"""The password of the private key of the server's certificate."""

LLM_KEY_VARIABLE = "LIUSHENG_LLM_KEY"
"""The key of the language model that answers in conversations."""

RESUME_SECRETS_VARIABLE = "LIUSHENG_RESUME_SECRETS"
"""What servers share to resume each other's recognitions."""

SECRET_VARIABLES = frozenset(
    {
        API_KEYS_VARIABLE,
        TLS_PASSWORD_VARIABLE,
        LLM_KEY_VARIABLE,
        RESUME_SECRETS_VARIABLE,
        "LIUSHENG_API_KEY",
    }
)
"""The last is the key that clients send."""


def worker_environment() -> dict[str, str]:
    """Return this process's environment without secrets."""
    return {name: value for name, value in os.environ.items() if name not in SECRET_VARIABLES}
