from __future__ import annotations

import gc
import os
import re
import signal
import ssl
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.command_process import environment_of_program

# A busy machine is no failure: no test judges by the clock. `make quick` tries fewer examples,
# `--hypothesis-profile long` many more where a test sets no number of its own.
settings.register_profile("full", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("full"), max_examples=4)
settings.register_profile("long", settings.get_profile("full"), max_examples=10_000)
settings.load_profile("full")


if sys.version_info < (3, 11):
    # Its asyncio leaves connections open whose TLS handshake failed.

    def pytest_configure(config: pytest.Config) -> None:
        config.addinivalue_line("filterwarnings", "ignore:unclosed:ResourceWarning")

    def pytest_sessionfinish() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect tests without garbage collection, which took a third of the time: tests stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where slow tests are left out, do not import what modules of slow tests only import."""
    if config.option.markexpr != "not slow" or not collection_path.match("test_*.py"):
        return None
    slow = re.search(
        r"^pytestmark = \[?\s*pytest\.mark\.slow\b", collection_path.read_text("utf-8"), re.M
    )
    return True if slow else None


@pytest.fixture(scope="session", autouse=True)
def _certificates() -> Iterator[None]:
    """Read the certificates of authorities once, not for each HTTP client: that takes 50 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", lru_cache(ssl.create_default_context))
        yield


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """Leave the environment as it was: a command that runs in this process sets variables for its
    own, and a later test's program would take them for the operator's."""
    before = dict(os.environ)
    yield
    after = dict(os.environ)
    for name in before.keys() | after.keys():
        if name == "PYTEST_CURRENT_TEST" or before.get(name) == after.get(name):
            continue  # pytest changes its own between the phases of a test
        if name in before:
            os.environ[name] = before[name]
        else:
            del os.environ[name]


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes can import `tests.support`."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))


@contextmanager
def default_server(**environment: str) -> Iterator[str]:
    """Start a server as a user does, with its default models; give where it listens, as `served`.

    environment: settings.
    """
    from liusheng.models.store import Store

    store = Store()
    needed = [each.name for each in store.catalogue if each.default and not each.optional]
    if missing := [name for name in needed if not store.is_installed(name)]:
        pytest.fail(f"the default models are not there ({missing}); run: liusheng models pull")
    with served(**environment) as where:
        yield where


@contextmanager
def served(*flags: str, **environment: str) -> Iterator[str]:
    """Start a server by its command; give where it listens, "127.0.0.1:PORT/PREFIX"."""
    server = subprocess.Popen(
        [sys.executable, "-m", "liusheng.cli", "serve", "--port", "0", *flags],
        env={**environment_of_program(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        for line in server.stdout:
            if found := re.search(r"ws://(\S+)/paddlespeech/asr/streaming", line):
                break
        else:
            pytest.fail(f"the server ended with {server.wait()}")
        yield found[1]
    finally:
        server.send_signal(signal.SIGTERM)
        server.stdout.close()
        assert server.wait(20) == 0, "SIGTERM ends it cleanly"


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where a server with its default models listens, "127.0.0.1:PORT"."""
    with default_server() as where:
        yield where
