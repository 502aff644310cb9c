"""The limits of a key behind several replicas, each of which counts for itself: what
docs/scaling.md says of them."""

from __future__ import annotations

import random
from datetime import datetime, timezone

import pytest
from msgspec.structs import replace

from liusheng.protocol.errors import ProtocolError
from liusheng.server.access.key_limits import KeyLimits
from liusheng.server.access.keys import ApiKey, digest, new_secret

REPLICAS = 3
KEY = ApiKey(
    name="alice", sha256=digest(new_secret()), created=datetime(2026, 1, 1, tzinfo=timezone.utc)
)


def begins(limits: KeyLimits, key: ApiKey, now: float = 0.0) -> bool:
    try:
        limits.begin(key, "asr", now)
    except ProtocolError:
        return False
    return True


def test_a_key_has_its_sessions_on_each_replica_and_never_less_than_on_one() -> None:
    key = replace(KEY, max_sessions=4)
    for seed in range(20):
        replicas = [KeyLimits() for _ in range(REPLICAS)]
        chosen = random.Random(seed)
        served = [begins(chosen.choice(replicas), key) for _ in range(100)]
        assert all(served[:4]), "nobody is refused who would be served by a single server"
        assert sum(served) == REPLICAS * 4


@pytest.mark.parametrize("tries", [1, 50])
def test_a_minute_has_at_most_twice_the_requests_of_each_replica(tries: int) -> None:
    """The whole allowance at once, and as many as come back within the minute."""
    key = replace(KEY, requests_per_minute=60)
    replicas = [KeyLimits() for _ in range(REPLICAS)]
    at_once = sum(begins(each, key) for each in replicas for _ in range(100))
    assert at_once == REPLICAS * 60
    later = sum(
        begins(each, key, now=second)
        for second in range(1, 61)
        for each in replicas
        for _ in range(tries)
    )
    assert later == REPLICAS * 60
