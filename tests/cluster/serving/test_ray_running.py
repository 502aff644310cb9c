"""What an update of a running cluster deploys."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from liusheng.server.config.settings import Settings

pytest.importorskip("ray", reason="Ray has no wheel for this platform, or is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SECRET = "s" * 40


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that are deployed."""
    from liusheng.cluster.serving import ray_running

    deployed: list[Settings] = []
    monkeypatch.setattr(ray_running, "_deploy", lambda settings, _: deployed.append(settings))
    nothing = SimpleNamespace(delete=lambda *_, **__: None)
    monkeypatch.setattr(ray_running, "serve", nothing)
    monkeypatch.setattr(ray_running, "_built", lambda *_: {})
    return deployed


def update(running: Settings, asked: list[int], **values: Any) -> None:
    """asked: the ports that were named at the start."""
    from liusheng.cluster.serving import ray_running

    ray_running._update(running, asked, lambda: Settings(**values), SECRET)


def test_where_it_listens_stays_and_the_log_says_so(
    deployed: list[Settings], caplog: pytest.LogCaptureFixture
) -> None:
    running = Settings(ports=[8090], path_prefix="/a")
    update(running, [8090], ports=[1], path_prefix="/b", drain={"seconds": 7})
    (new,) = deployed
    assert (new.ports, new.path_prefix, new.drain.seconds) == ([8090], "/a", 7)
    assert "ports = [1] is used after a restart only; it is still [8090]" in caplog.text
    assert "path_prefix = '/b'" in caplog.text


def test_a_port_that_was_free_is_no_change(
    deployed: list[Settings], caplog: pytest.LogCaptureFixture
) -> None:
    update(Settings(ports=[41234]), [0], ports=[0])
    assert deployed[0].ports == [41234]
    assert "after a restart" not in caplog.text
    update(Settings(ports=[8090]), [8090], ports=[0])
    assert deployed[1].ports == [8090]
    assert "ports = [0] is used after a restart only" in caplog.text


def test_invalid_settings_change_nothing(
    deployed: list[Settings], caplog: pytest.LogCaptureFixture
) -> None:
    update(Settings(), [8090], ports=[1, 2], wyoming={"port": -1})
    assert not deployed
    assert "were not reloaded" in caplog.text
