"""Processes that read what clients send do not have the operator's secrets."""

from __future__ import annotations

import psutil
import pytest

from liusheng.client.options import API_KEY_VARIABLE
from liusheng.runtime.decoding import launch
from liusheng.runtime.environment import SECRET_VARIABLES, worker_environment
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers.process import WorkerProcess
from liusheng.runtime.workers.worker import Creation

pytestmark = pytest.mark.usefixtures("fakes")


async def test_workers_have_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRET_VARIABLES:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("LIUSHENG_HOME", "kept")
    worker = await WorkerProcess.start(
        Creation("test", "tests.support.worker_handlers.Handler", ()), PoolOptions()
    )
    try:
        pid = await worker.call("pid", timeout=60)
        inherited = psutil.Process(pid).environ()
    finally:
        await worker.kill()
    for environment in (inherited, launch.environment(), worker_environment()):
        assert environment["LIUSHENG_HOME"] == "kept"
        assert not SECRET_VARIABLES & environment.keys()
        assert "secret" not in environment.values()


def test_the_clients_key_is_one() -> None:
    assert API_KEY_VARIABLE in SECRET_VARIABLES
