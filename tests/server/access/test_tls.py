from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
import ssl
from pathlib import Path

import httpx2
import pytest
import websockets
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from liusheng.protocol import paths
from liusheng.server.access import tls
from liusheng.server.access.tls import Certificate, CertificateError
from liusheng.server.config.access import TlsSettings
from tests.server.conftest import Dialogue, Serve
from tests.support.certificates import Authority

START = {"name": "a", "signal": "start", "nbest": 1}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path)
    made.issue()
    return made


def presented(port: int, context: ssl.SSLContext) -> bytes:
    """Return the certificate that a server shows, in DER."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        return secure.getpeercert(binary_form=True) or b""


@pytest.mark.asyncio(loop_scope="session")
async def test_a_new_certificate_is_used_without_dropping_connections(
    authority: Authority,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(tls, "REFRESH_SECONDS", 0.02)
    caplog.set_level(logging.INFO)
    first = authority.issue()
    server = await serve(tls=authority.settings)
    port = int(server.address.partition(":")[2])
    trusting = authority.trusting()
    url = f"wss://{server.address}{paths.ASR_STREAMING}"
    async with websockets.connect(url, ssl=trusting) as websocket:
        dialogue = Dialogue(websocket)
        await dialogue.ask(START)
        assert await asyncio.to_thread(presented, port, trusting) == first
        second = authority.issue()
        for _ in range(500):
            if await asyncio.to_thread(presented, port, trusting) != first:
                break
            await asyncio.sleep(0.02)
        assert await asyncio.to_thread(presented, port, trusting) == second
        authority.key.write_text("broken")
        for _ in range(500):
            if "stays in use" in caplog.text:
                break
            await asyncio.sleep(0.02)
        else:
            pytest.fail("the broken key is not reported")
        assert await asyncio.to_thread(presented, port, trusting) == second
        await dialogue.send(bytes(320))
        assert "result" in await dialogue.receive()
    async with httpx2.AsyncClient(verify=trusting) as client:
        answer = await client.get(f"https://{server.address}{paths.INFO}")
        assert answer.status_code == 200
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        origin = {"Origin": f"https://{server.address}"}
        assert (
            await client.get(f"https://{server.address}{paths.INFO}", headers=origin)
        ).status_code == 200


def test_old_versions_are_refused(authority: Authority) -> None:
    assert Certificate(authority.settings).context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_key_with_a_password(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    key = load_pem_private_key(authority.key.read_bytes(), None)
    authority.key.write_bytes(
        key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"correct horse")
        )
    )
    with pytest.raises(CertificateError, match="LIUSHENG_TLS_PASSWORD"):
        Certificate(authority.settings)
    monkeypatch.setenv("LIUSHENG_TLS_PASSWORD", "wrong horse")
    with pytest.raises(CertificateError) as caught:
        Certificate(authority.settings)
    assert "horse" not in str(caught.value)
    monkeypatch.setenv("LIUSHENG_TLS_PASSWORD", "correct horse")
    Certificate(authority.settings)


def test_one_file_with_both(authority: Authority) -> None:
    with authority.certificate.open("ab") as file:
        file.write(authority.key.read_bytes())
    Certificate(TlsSettings(certificate=str(authority.certificate)))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    settings = TlsSettings(certificate=str(tmp_path / "none.pem"))
    with pytest.raises(CertificateError) as caught:
        Certificate(settings)
    assert (
        str(caught.value) == f"{tmp_path / 'none.pem'} cannot be read: No such file or directory."
    )


def test_files_that_cannot_be_used(
    authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    used = Certificate(authority.settings)
    before = used.context
    shutil.copy(authority.key, tmp_path / "old.pem")
    authority.issue()
    shutil.copy(tmp_path / "old.pem", authority.key)
    assert not used.refresh()
    assert "the key is of another certificate" in caplog.text
    with pytest.raises(CertificateError, match="another certificate"):
        Certificate(authority.settings)
    authority.issue()
    os.utime(authority.key, ns=(1, 1))
    assert used.refresh()
    assert not used.refresh()
    assert used.context is before
    authority.certificate.unlink()
    assert not used.refresh()
    assert "cannot be read: No such file" in caplog.text
    authority.certificate.write_text("nothing")
    with pytest.raises(CertificateError, match="cannot be used"):
        Certificate(authority.settings)
