from __future__ import annotations

import pytest

from liusheng.cli.server_address import describe_error, server_url
from liusheng.client import DEFAULT_URL, CannotConnectError, ClientError


def test_the_option_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert server_url(None) == DEFAULT_URL
    monkeypatch.setenv("LIUSHENG_SERVER", "ws://a:1")
    assert server_url(None) == "ws://a:1"
    assert server_url("ws://b:2") == "ws://b:2"


def test_errors_have_their_code_or_what_to_do() -> None:
    assert describe_error(ClientError("server_busy", "Full.")) == "Full. [server_busy]"
    assert "`liusheng serve`" in describe_error(CannotConnectError("There is no server."))
