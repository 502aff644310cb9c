from __future__ import annotations

import pytest

from liusheng.server.config.fixed import keep_fixed, value_at
from liusheng.server.config.settings import Settings


def test_what_is_fixed_stays_and_is_named(caplog: pytest.LogCaptureFixture) -> None:
    running = Settings(path_prefix="/a", wyoming={"port": 1})  # type: ignore[arg-type]
    new = Settings(
        path_prefix="/b",
        wyoming={"port": 2, "clients": ["10.0.0.1"]},  # type: ignore[arg-type]
    )
    kept = keep_fixed(new, running, ["path_prefix", "wyoming.port", "host"])
    assert (kept.path_prefix, kept.wyoming.port) == ("/a", 1)
    assert kept.wyoming.clients == new.wyoming.clients
    named = [record.message.split(" =")[0] for record in caplog.records]
    assert named == ["path_prefix", "wyoming.port"]


def test_a_setting_in_a_table() -> None:
    assert value_at(Settings(), "drain.seconds") == Settings().drain.seconds
    assert value_at(Settings(), "host") == "127.0.0.1"
