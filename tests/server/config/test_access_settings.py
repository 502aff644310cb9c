from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.server.config.sources import SettingsError, load


def given(**values: str) -> str:
    """Return the faults of settings of `access` or `tls`."""
    flags = {path.replace("__", "."): ("--set", value) for path, value in values.items()}
    with pytest.raises(SettingsError) as caught:
        load(flags=flags)
    return str(caught.value)


def test_values_take_one_form() -> None:
    flags = {
        "access.origins": "https://App.example.org/,http://localhost:3000",
        "access.hosts": "Speech.Example.org.,10.0.0.1",
        "access.trusted_proxies": "10.0.0.7,10.1.2.3/8,::1",
        "access.open_paths": "/api/info",
        "access.keys_file": "~/keys.json",
    }
    access = load(flags={path: ("--set", value) for path, value in flags.items()}).settings.access
    assert access.origins == ["https://app.example.org", "http://localhost:3000"]
    assert access.hosts == ["speech.example.org", "10.0.0.1"]
    assert access.trusted_proxies == ["10.0.0.7/32", "10.0.0.0/8", "::1/128"]
    assert access.open_paths == ["/api/info"]
    assert access.keys_file == Path("~/keys.json").expanduser()


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("access__origins", "app.example.org", "is not an origin"),
        ("access__origins", "null", "every sandboxed page"),
        ("access__hosts", "https://speech.example.org", "is not a host name"),
        ("access__trusted_proxies", "proxy.example.org", "is not an address or network"),
        ("access__open_paths", "metrics", "is not a path"),
        ("access__open_paths", "/a%62", "is not a path"),
        ("tls__key", "key.pem", "tls.certificate is not"),
    ],
)
def test_what_is_wrong_is_said(path: str, value: str, reason: str) -> None:
    assert reason in given(**{path: value})
