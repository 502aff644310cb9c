"""What a worker answers; `test_process` tests it in a process of its own."""

from __future__ import annotations

from typing import NoReturn

import pytest

from liusheng.runtime.workers import worker
from liusheng.runtime.workers.pipe import WorkerCallError


def fail(error: Exception) -> NoReturn:
    raise error


class TwoArgumentsError(Exception):
    """Its copy cannot be made: pickle calls it with one argument."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


class ChangingError(Exception):
    """Its copy is no exception."""

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, ("not an exception",)


def test_a_result() -> None:
    *result, seconds = worker.call(divmod, 7, 2)
    assert result == [True, (3, 1), ""]
    assert 0 <= seconds < 60


def test_an_exception_is_returned_with_its_traceback() -> None:
    succeeded, error, trace, _ = worker.call(fail, LookupError("no such word"))
    assert not succeeded
    assert repr(error) == "LookupError('no such word')"
    assert "in fail" in trace


@pytest.mark.parametrize(
    ("error", "text"),
    [(TwoArgumentsError("a", "b"), "TwoArgumentsError: ab"), (ChangingError("changed"), "changed")],
)
def test_an_exception_that_cannot_be_pickled_becomes_one_that_can(
    error: Exception, text: str
) -> None:
    _, returned, *_ = worker.call(fail, error)
    assert type(returned) is WorkerCallError
    assert str(returned) == text


def test_a_handler_is_created_by_its_factorys_name() -> None:
    creation = worker.Creation("test", "tests.support.worker_handlers.Handler", ("a",))
    assert creation.finished(creation.begin()).add(1, 2) == 3


def test_a_prepared_handler_is_finished() -> None:
    creation = worker.Creation("test", "tests.support.worker_handlers.Prepared", (5,))
    assert creation.finished(creation.begin())._args == (5, "finished")
