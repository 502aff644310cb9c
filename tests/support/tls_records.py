"""Encrypted TLS records that no library makes: those of a client that breaks the rules.

A library does the handshake. With the secrets that it logs, the records after it are made here.
"""

from __future__ import annotations

import hmac
import ssl
import struct
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

DATA, HANDSHAKE = 23, 22
_KEY_UPDATE, _CLIENT_HELLO = 24, 1

_RANDOM = slice(11, 43)  # of the server, in its first record


class Records(Protocol):
    """The records of one connection, from the first after the handshake."""

    def data(self, data: bytes) -> bytes:
        """Return a record with data."""

    def asking(self) -> bytes:
        """Return a record which TLS answers itself."""


class KeyChanges:
    """TLS 1.3 (RFC 8446, 7.1 to 7.3)."""

    def __init__(self, secret: bytes) -> None:
        self._hash = "sha384" if len(secret) == 48 else "sha256"
        self._secret = secret
        self._use()

    def data(self, data: bytes) -> bytes:
        return self._record(data, DATA)

    def asking(self) -> bytes:
        return self.change(answer=True)

    def change(self, *, answer: bool) -> bytes:
        """Return a record after which this client has another key. answer: ask for the same."""
        made = self._record(bytes([_KEY_UPDATE, 0, 0, 1, answer]), HANDSHAKE)
        self._secret = self._expand(b"traffic upd", len(self._secret))
        self._use()
        return made

    def _use(self) -> None:
        self._key = AESGCM(self._expand(b"key", 32 if self._hash == "sha384" else 16))
        self._nonce = int.from_bytes(self._expand(b"iv", 12), "big")
        self._number = 0

    def _expand(self, label: bytes, size: int) -> bytes:
        label = b"tls13 " + label
        info = struct.pack("!HB", size, len(label)) + label + b"\0\1"
        return hmac.digest(self._secret, info, self._hash)[:size]

    def _record(self, data: bytes, kind: int) -> bytes:
        head = struct.pack("!BHH", DATA, 0x303, len(data) + 17)
        nonce = (self._nonce ^ self._number).to_bytes(12, "big")
        self._number += 1
        return head + self._key.encrypt(nonce, data + bytes([kind]), head)


class Renegotiations:
    """TLS 1.2 with AES-128-GCM and SHA-256 (RFC 5246, 6.3; RFC 5288)."""

    def __init__(self, secret: bytes, randoms: bytes) -> None:
        """randoms: the server's, then the client's."""
        seed = b"key expansion" + randoms
        block, last = b"", seed
        while len(block) < 40:
            last = hmac.digest(secret, last, "sha256")
            block += hmac.digest(secret, last + seed, "sha256")
        self._key, self._salt = AESGCM(block[:16]), block[32:36]
        self._number = 1  # the last of the handshake was encrypted

    def data(self, data: bytes) -> bytes:
        return self._record(data, DATA)

    def asking(self) -> bytes:
        return self._record(bytes([_CLIENT_HELLO, 0, 0, 0]), HANDSHAKE)

    def _record(self, data: bytes, kind: int) -> bytes:
        number = struct.pack("!Q", self._number)
        self._number += 1
        known = number + struct.pack("!BHH", kind, 0x303, len(data))
        encrypted = number + self._key.encrypt(self._salt + number, data, known)
        return struct.pack("!BHH", kind, 0x303, len(encrypted)) + encrypted


def logging_secrets(context: ssl.SSLContext, file: Path, version: ssl.TLSVersion) -> None:
    """Have a client's context use one version of TLS, and log the secrets of its connections."""
    context.maximum_version = context.minimum_version = version
    context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    context.keylog_filename = str(file)


def records_after(file: Path, received: bytes) -> Records:
    """Return the records after the handshake of the connection that was logged last.

    received: from the server, in the handshake.
    """
    lines = [each.split() for each in file.read_text().splitlines()]
    logged = {name: map(bytes.fromhex, values) for name, *values in lines if values}
    if "CLIENT_TRAFFIC_SECRET_0" in logged:
        _, secret = logged["CLIENT_TRAFFIC_SECRET_0"]
        return KeyChanges(secret)
    random, secret = logged["CLIENT_RANDOM"]
    return Renegotiations(secret, received[_RANDOM] + random)
