"""The results of self-tests, kept from one start of the server to the next.

A test's result is a list of measurements. It is valid for its key: one machine, program and set of
models.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar

from liusheng import __version__
from liusheng.models.types import InstalledModel
from liusheng.runtime.options import PoolOptions

_log = logging.getLogger(__name__)

_MOST_RESULTS = 100

T = TypeVar("T")


class Measurement(Protocol):
    """One of a test. seconds: 0 if it measured nothing."""

    @property
    def seconds(self) -> float: ...


M = TypeVar("M", bound=Measurement)


class SelfTestResults:
    """A file of results: a JSON object, by key. A file that cannot be read has none.

    testing: whether a test is made where there is no result. Beside the load of a running server it
        would measure that load.
    """

    def __init__(self, path: Path, *, testing: bool = True) -> None:
        self._path = path
        self.testing = testing

    def get(self, key: str, kind: type[T]) -> list[T]:
        """Return the measurements of a test; none if there was no such test. kind: a dataclass."""
        try:
            return [kind(**each) for each in self._read().get(key, ())]
        except TypeError:
            return []

    def put(self, key: str, measurements: Sequence[Any]) -> None:
        """Keep the measurements of a test; where the file cannot be written, the next start tests
        again."""
        results = self._read()
        results.pop(key, None)
        results[key] = [asdict(each) for each in measurements]
        newest = dict([*results.items()][-_MOST_RESULTS:])
        partial = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(newest), encoding="utf-8")
            partial.replace(self._path)
        except OSError as error:
            _log.debug("the results of the self-test are not kept: %s", error)
            with contextlib.suppress(OSError):
                partial.unlink()

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def self_test_key(task: str, models: Sequence[InstalledModel], *details: object) -> str:
    """Return the key of a test's result.

    details: what else the result depends on, such as the number of threads.
    """
    parts = [__version__, task, processor(), os.cpu_count(), *details]
    for model in models:
        parts += [model.name, str(model.path), sorted(model.options.items())]
        parts += [_fingerprint(path) for _, path in sorted(model.files.items())]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def processor() -> str:
    """Return the name of the machine's processor."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _fingerprint(path: Path) -> tuple[int, int]:
    """Return size and time of change of a model's file."""
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns


class SelfTest:
    """The self-test of a service, at one start of it.

    results: of earlier tests; None: nothing is tested.
    task: "recognition" or "synthesis".
    method: of the workers' handler, that tests; "": none is needed.
    """

    def __init__(
        self,
        results: SelfTestResults | None,
        task: str,
        models: Sequence[InstalledModel],
        options: PoolOptions,
    ) -> None:
        self._results = results
        self._key = self_test_key(task, models, options.threads) if results else ""
        self.method = "self_test" if results and results.testing else ""

    def known(self, kind: type[M]) -> list[M]:
        """Return the measurements of an earlier test, of which none is needed then."""
        found = self._results.get(self._key, kind) if self._results else []
        if not _measured(found):
            return []
        self.method = ""
        return found

    def done(self, measurements: Sequence[M] | None) -> Sequence[M]:
        """Keep the measurements of a test that was made, unless one of them measured nothing, as on
        a busy machine: then the next start tests again. Return them. None: the test failed.
        """
        if self._results and measurements and _measured(measurements):
            self._results.put(self._key, measurements)
        return measurements or ()


def _measured(measurements: Sequence[Measurement]) -> bool:
    return bool(measurements) and all(each.seconds for each in measurements)
