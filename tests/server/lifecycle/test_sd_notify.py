"""What systemd is told, over a socket that stands for its own."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from liusheng.server.lifecycle.sd_notify import SystemdNotifier

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no sockets of this kind")


@pytest.fixture
def systemd() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(30)
        yield sock


def received(systemd: socket.socket) -> list[str]:
    return systemd.recv(4096).decode().split("\n")


def test_each_state(systemd: socket.socket, tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    systemd.bind(path)
    notifier = SystemdNotifier({"NOTIFY_SOCKET": path})
    notifier.ready()
    assert received(systemd) == ["READY=1", "STATUS=serving"]
    notifier.reloading()
    state, monotonic, status = received(systemd)
    assert (state, status) == ("RELOADING=1", "STATUS=reloading")
    assert int(monotonic.removeprefix("MONOTONIC_USEC=")) > 0
    notifier.alive()
    assert received(systemd) == ["WATCHDOG=1"]
    notifier.stopping("draining")
    assert received(systemd) == ["STOPPING=1", "STATUS=draining"]


def test_a_systemd_that_is_busy_loses_no_change_of_state(
    systemd: socket.socket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = str(tmp_path / "notify")
    systemd.bind(path)
    notifier = SystemdNotifier({"NOTIFY_SOCKET": path})
    with caplog.at_level("DEBUG"):
        while "does not read" not in caplog.text:
            notifier.alive()
    changing = threading.Thread(target=notifier.ready)
    changing.start()
    while received(systemd)[0] != "READY=1":
        pass
    changing.join()
    assert "cannot be notified" not in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's abstract namespace")
def test_an_abstract_address(systemd: socket.socket) -> None:
    systemd.bind(f"\0liusheng-test-{os.getpid()}")
    SystemdNotifier({"NOTIFY_SOCKET": f"@liusheng-test-{os.getpid()}"}).ready()
    assert received(systemd)[0] == "READY=1"


def test_without_systemd_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    notifier = SystemdNotifier({"WATCHDOG_USEC": "30000000"})
    assert notifier.watchdog_interval is None
    notifier.ready()
    notifier.reloading()
    assert caplog.text == ""


def test_a_socket_that_has_gone_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    SystemdNotifier({"NOTIFY_SOCKET": str(tmp_path / "nothing")}).ready()
    assert "systemd cannot be notified (READY)" in caplog.text


@pytest.mark.parametrize(
    ("environment", "interval"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 10.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 10.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_how_often_systemd_wants_to_be_told(
    environment: dict[str, str], interval: float | None
) -> None:
    notifier = SystemdNotifier({"NOTIFY_SOCKET": "@any", **environment})
    assert notifier.watchdog_interval == interval
