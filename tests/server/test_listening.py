"""Ports: bound at once, open later, and what a person is told if that fails."""

from __future__ import annotations

import socket

import pytest

from liusheng.server.listening import bind, start_listening


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
