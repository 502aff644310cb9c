from __future__ import annotations

import socket
from typing import Any

import pytest

from liusheng.cluster.serving.joining import check_address, check_proxies
from liusheng.server.config.settings import Settings


def test_somebody_must_answer_at_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        check_address(f"127.0.0.1:{port}")
        check_address(f"ray://127.0.0.1:{port}")
    check_address("auto")
    for wrong in (f"127.0.0.1:{port}", f"ray://127.0.0.1:{port}", "127.0.0.1:port"):
        with pytest.raises(ValueError, match=r"no Ray answers there .*`ray start"):
            check_address(wrong)


RUNNING = {"host": "127.0.0.1", "port": 8000, "ssl_certfile": None, "ssl_keyfile": ""}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"ports": [8001]}, "port 8000"),
        ({"host": "0.0.0.0"}, r"host 127\.0\.0\.1"),
        ({"tls": {"certificate": "/both.pem"}}, "ssl_certfile None, ssl_keyfile"),
    ],
)
def test_proxies_that_run_already_must_be_those_of_the_settings(
    values: dict[str, Any], named: str
) -> None:
    check_proxies(Settings(ports=[8000]), RUNNING)
    with pytest.raises(ValueError, match=named):
        check_proxies(Settings(**{"ports": [8000], **values}), RUNNING)
