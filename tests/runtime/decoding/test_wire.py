from __future__ import annotations

import socket

import pytest

from liusheng.runtime.decoding import wire


@pytest.fixture
def pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair()


def test_messages(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    with ours, theirs:
        ours.sendall(wire.pack(wire.PCM, b"ab") + wire.pack(wire.END))
        assert wire.receive(theirs) == (wire.PCM, b"ab")
        assert wire.receive(theirs) == (wire.END, b"")


def test_a_message_of_any_length_is_not_awaited(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    with ours, theirs:
        ours.sendall(wire.HEAD.pack(wire.PCM, wire.MAX_CONTENT + 1))
        with pytest.raises(wire.WireError, match="1,048,577 bytes"):
            wire.receive(theirs)


@pytest.mark.parametrize("sent", [b"", b"P\0\0", b"P\0\0\0\5abc"])
def test_the_other_side_ends(pair: tuple[socket.socket, socket.socket], sent: bytes) -> None:
    ours, theirs = pair
    with theirs:
        with ours:
            ours.sendall(sent)
        with pytest.raises(EOFError):
            wire.receive(theirs)
