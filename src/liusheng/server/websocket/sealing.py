"""Sealed values: only servers with the same secret can read them, and nobody can change them.

AES-256-GCM. Each recognition has a key of its own, derived from the secret and its name (HKDF), so
that random nonces do not come again however many values the servers seal.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Imported where it is used: most servers share no secret.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12
_INFO = b"liusheng resume 1"


class Sealer:
    """Seals the values of one recognition.

    secrets: the first seals, each may have sealed.
    name: of the recognition.
    """

    def __init__(self, secrets: Sequence[bytes], name: str) -> None:
        # Derived when needed, and once: the secrets that are still accepted seldom are.
        self._keys = [cache(partial(_key, secret, name)) for secret in secrets]

    def seal(self, value: bytes, kind: str) -> str:
        """Return a value, sealed. kind: of value; it does not open as one of another kind."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._keys[0]().encrypt(nonce, value, kind.encode())
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, sealed: str, kind: str) -> bytes | None:
        """Return the value; None: none of the secrets has sealed this as a value of this kind."""
        from cryptography.exceptions import InvalidTag

        try:
            data = base64.b64decode(sealed + "=" * (-len(sealed) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        nonce, value = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
        for key in self._keys:
            try:
                return key().decrypt(nonce, value, kind.encode())
            except (InvalidTag, ValueError):
                continue
        return None


def _key(secret: bytes, name: str) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    salt = name.encode(errors="replace")
    return AESGCM(HKDF(SHA256(), _KEY_BYTES, salt=salt, info=_INFO).derive(secret))
