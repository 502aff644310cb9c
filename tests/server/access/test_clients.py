"""Our clients with a server that needs keys, and with TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import liusheng
from liusheng.cli import main
from liusheng.client import CannotConnectError, ServerError, sync
from liusheng.server.access.keys import new_secret
from tests.server.conftest import Serve, Server
from tests.support.certificates import Authority

module_loop = pytest.mark.asyncio(loop_scope="session")

SECRET = new_secret()


@pytest_asyncio.fixture(loop_scope="session")
async def keyed(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Server]:
    """A server that needs a key, behind TLS."""
    authority = Authority(tmp_path)
    authority.issue()
    monkeypatch.setenv("LIUSHENG_API_KEYS", SECRET)
    yield await serve(access={"keys_file": tmp_path / "none.json"}, tls=authority.settings)


@module_loop
async def test_the_python_client(
    keyed: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, ca_file = f"wss://{keyed.address}", tmp_path / "ca.pem"

    async def use(**options: Any) -> str:
        async with liusheng.connect(url, ca_file=ca_file, retry_for=0, **options) as client:
            assert b"".join([pcm async for pcm in client.synthesize("2")])
            assert (await client.info())["asr"]
            return [update.text async for update in client.recognize(b"ab")][-1]

    assert await use(api_key=SECRET)
    with pytest.raises(ServerError) as caught:
        await use()
    assert caught.value.code == "invalid_api_key"
    assert not caught.value.transient
    with pytest.raises(ServerError) as caught:
        await use(api_key=new_secret())
    assert "mistyped" in caught.value.message
    monkeypatch.setenv("LIUSHENG_API_KEY", f"{SECRET}\n")
    assert await use()
    with pytest.raises(CannotConnectError, match="certificate verify failed"):
        async with liusheng.connect(url, retry_for=0) as client:
            await client.recognize(b"ab").__anext__()


@module_loop
async def test_the_client_without_async(keyed: Server, tmp_path: Path) -> None:
    def use() -> str:
        options: Any = {"ca_file": tmp_path / "ca.pem", "api_key": SECRET}
        with sync.connect(f"wss://{keyed.address}", **options) as client:
            return [update.text for update in client.recognize(b"ab")][-1]

    assert await asyncio.to_thread(use)


@module_loop
async def test_the_command_line(
    keyed: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--server", f"wss://{keyed.address}", "--ca-file", str(tmp_path / "ca.pem")]
    output = tmp_path / "speech.wav"
    command = ["tts", "3", "-o", str(output), *options]
    assert await asyncio.to_thread(main, command) == 1
    told = capsys.readouterr().err
    assert "[invalid_api_key]" in told
    assert "LIUSHENG_API_KEY" in told
    assert await asyncio.to_thread(main, [*command, "--api-key", SECRET]) == 0
    assert output.stat().st_size > 44
    for wrong in (["--api-key", "a b"], ["--ca-file", str(tmp_path / "none.pem")]):
        assert await asyncio.to_thread(main, [*command, *wrong]) == 2
    assert "a b" not in capsys.readouterr().err


def test_a_key_is_not_shown() -> None:
    client = liusheng.connect(api_key=SECRET)
    assert SECRET not in repr(client.transport)
    with pytest.raises(ValueError, match="API key") as caught:
        liusheng.connect(api_key=f"{SECRET}\nX-Other: 1")
    assert SECRET not in str(caught.value)


def test_a_file_without_authorities(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ValueError, match="no certificates"):
        liusheng.connect(ca_file=tmp_path / "ca.pem")
