from __future__ import annotations

import select
import socket
import sys
from collections.abc import Iterator

import pytest

from liusheng.runtime.readable import readable


@pytest.fixture(params=["poll", "select"])
def pair(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[socket.socket, socket.socket]]:
    if request.param == "select":
        monkeypatch.delattr(select, "poll", raising=False)
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_what_can_be_read(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    assert readable([one, other], 0.0) == []
    assert readable([one], 0.01) == []
    one.send(b"a")
    assert readable([one, other]) == [other]
    assert readable([one, other], 60.0) == [other]


def test_an_end_can_be_read(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    other.close()
    assert readable([one]) == [one]


@pytest.mark.skipif(sys.platform == "win32", reason="its descriptors have no limit")
def test_descriptors_above_1023() -> None:
    import fcntl
    import resource

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limits[1] < 2_000:
        pytest.skip("2,000 descriptors are not allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], 2_000), limits[1]))
    one, other = socket.socketpair()
    with one, other, socket.socket(fileno=fcntl.fcntl(one, fcntl.F_DUPFD, 1_500)) as high:
        with pytest.raises(ValueError, match="out of range"):
            select.select([high], [], [], 0)
        assert readable([high], 0.0) == []
        other.send(b"a")
        assert readable([high]) == [high]
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
