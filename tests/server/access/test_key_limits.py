"""What a key allows."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from liusheng.protocol.errors import ProtocolError
from liusheng.server.access.key_limits import KeyLimits
from liusheng.server.access.keys import ApiKey, KeyTask

NOW = datetime.now(timezone.utc)
TASKS: tuple[tuple[KeyTask, ...], ...] = (("asr",), ("tts",))


def test_a_connection_of_two_tasks_needs_a_key_for_both() -> None:
    limits = KeyLimits()
    for tasks in TASKS:
        key = ApiKey(name="a", sha256="", created=NOW, tasks=tasks)
        with pytest.raises(ProtocolError, match="use another key"):
            limits.begin(key, "asr", 0.0, also="tts")
        assert not limits.open
    limits.begin(ApiKey(name="a", sha256="", created=NOW), "asr", 0.0, also="tts")
    assert limits.open == {"a": 1}
