from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from liusheng.server import main
from liusheng.server.access.binding import ExposedError, is_loopback
from liusheng.server.access.keys import new_secret
from liusheng.server.access.opening import open_access
from liusheng.server.config.access import AccessSettings
from liusheng.server.config.settings import Settings


def settings(folder: Path, host: str = "0.0.0.0", **access: Any) -> Settings:
    return Settings(host=host, access=AccessSettings(keys_file=folder / "keys.json", **access))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "none.invalid"])
def test_an_open_server_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(ExposedError, match="liusheng keys add NAME --keys-file /"):
        open_access(settings(tmp_path, host))
    assert open_access(settings(tmp_path, host, no_auth=True)).keyring is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_a_loopback_address_is_open(tmp_path: Path, host: str) -> None:
    assert is_loopback(host)
    access = open_access(settings(tmp_path, host))
    assert access.keyring is not None
    assert not access.keyring.required


async def test_a_server_refuses_to_start_open(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert await main._serve(settings(tmp_path)) == 1
    assert "open to everyone" in caplog.text


def test_a_key_of_the_environment_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = new_secret()
    monkeypatch.setenv("LIUSHENG_API_KEYS", f"alice={secret}")
    keyring = open_access(settings(tmp_path)).keyring
    assert keyring is not None
    assert keyring.find(secret)
    monkeypatch.setenv("LIUSHENG_API_KEYS", f"alice={secret[:20]}")
    with pytest.raises(ValueError, match="LIUSHENG_API_KEYS") as caught:
        open_access(settings(tmp_path))
    assert secret[:20] not in str(caught.value)
