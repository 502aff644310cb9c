from __future__ import annotations

from typing import Any

import pytest

from liusheng.server.limits.addresses import client_address


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("192.0.2.7", 50_000), "192.0.2.7"),
        (("::ffff:192.0.2.7", 50_000), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::1", 1), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 1), "fe80::/64"),
        (("::1", 1), "::1"),
        (("testclient", 1), "testclient"),
        (None, "unknown"),
    ],
)
def test_a_client_is_identified_by_its_address(client: Any, address: str) -> None:
    assert client_address({"type": "http", "client": client}) == address
