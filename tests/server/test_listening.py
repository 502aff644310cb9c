"""Ports: bound at once, open later, and what a person is told if that fails."""

from __future__ import annotations

import socket

import pytest

from liusheng.server.config.integrations import WyomingSettings
from liusheng.server.config.settings import Settings
from liusheng.server.listening import bind, bound_ports, start_listening


def test_a_bound_port_refuses_clients_until_it_is_open() -> None:
    with bind("127.0.0.1", 0) as bound:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(bound.getsockname())
        start_listening(bound)
        socket.create_connection(bound.getsockname()).close()


def test_a_port_in_use() -> None:
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        start_listening(first)
        with pytest.raises(OSError, match=f"Cannot listen on 127.0.0.1, port {port}: .*--port"):
            bind("127.0.0.1", port)


def test_a_port_that_another_server_opened_meanwhile() -> None:
    with bind("127.0.0.1", 0) as first, bind("127.0.0.1", first.getsockname()[1]) as second:
        start_listening(first)
        with pytest.raises(OSError, match=r"Cannot listen on 127.0.0.1"):
            start_listening(second)


def test_a_host_that_is_not_known() -> None:
    with pytest.raises(OSError, match=r"Cannot listen on host\.invalid"):
        bind("host.invalid", 0)


def test_every_port_is_bound_at_once() -> None:
    with bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    settings = Settings(ports=[0], wyoming=WyomingSettings(port=port))
    with bound_ports(settings) as bound:
        assert bound.wyoming
        with bind("127.0.0.1", port) as other:
            start_listening(other)
            with pytest.raises(OSError, match=r"with wyoming\.host and wyoming\.port"):
                bound.start_listening()
            with pytest.raises(OSError, match=r"wyoming\.port"), bound_ports(settings):
                pass
    assert [each.fileno() for each in (*bound.http, bound.wyoming)] == [-1, -1]


def test_a_port_has_one_protocol() -> None:
    with pytest.raises(ValueError, match=r"wyoming\.port is 8090, which is one of the ports"):
        Settings(ports=[8091, 8090], wyoming=WyomingSettings(port=8090))
