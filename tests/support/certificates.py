"""Certificates of an authority of the tests."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme

from liusheng.server.config.access import TlsSettings


class Authority:
    """Makes certificates, whose files it writes."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self.certificate = folder / "certificate.pem"
        self.key = folder / "key.pem"
        self.ca_file = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(self.ca_file)

    def issue(self) -> bytes:
        """Write a new certificate and its key; return the certificate, in DER."""
        made = self.ca.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA)
        pem = made.cert_chain_pems[0].bytes()
        self.certificate.write_bytes(pem)
        self.key.write_bytes(made.private_key_pem.bytes())
        return ssl.PEM_cert_to_DER_cert(pem.decode())

    @property
    def settings(self) -> TlsSettings:
        return TlsSettings(certificate=str(self.certificate), key=str(self.key))

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)
