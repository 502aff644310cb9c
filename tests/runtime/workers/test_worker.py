"""What a worker answers; `test_process` tests it in a process of its own."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import NoReturn

import pytest

from liusheng.runtime.failures import WorkerTraceback
from liusheng.runtime.workers import worker
from liusheng.runtime.workers.pipe import WorkerCallError, WorkerPipe


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
    assert result == [True, (3, 1), WorkerTraceback()]
    assert 0 <= seconds < 60


def test_an_exception_is_returned_with_its_traceback() -> None:
    succeeded, error, traceback, _ = worker.call(fail, LookupError("no such word"))
    assert not succeeded
    assert repr(error) == "LookupError('no such word')"
    assert "in fail" in traceback.full
    assert "no such word" in traceback.full
    assert "in fail" in traceback.frames
    assert "no such word" not in traceback.frames


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


class Counter:
    """A handler that counts how often memory was given back before a call."""

    def __init__(self) -> None:
        self.given_back = 0

    def describe(self) -> None: ...

    def count(self) -> int:
        return self.given_back


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    counter = Counter()

    def give_back() -> None:
        counter.given_back += 1

    monkeypatch.setattr(worker, "give_back", give_back)
    return counter


@contextlib.contextmanager
def served(handler: object) -> Iterator[WorkerPipe]:
    """The server's end of the pipe to a worker in a thread."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        created = worker.call(lambda: handler)
        working = threading.Thread(target=worker.serve, args=(WorkerPipe(theirs), created))
        working.start()
        pipe = WorkerPipe(ours)
        assert pipe.receive()[0], "it describes itself"
        yield pipe
        pipe.release()
        ours.shutdown(socket.SHUT_RDWR)
        working.join(60)
        assert not working.is_alive()


def ask(pipe: WorkerPipe, method: str) -> int:
    pipe.send((method, ()))
    return int(pipe.receive()[1])


def test_memory_goes_back_once_after_calls(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_GIVE_BACK_SECONDS", 0.01)
    with served(counter) as pipe:
        assert ask(pipe, "count") == 0, "it has done nothing"
        for _ in range(3_000):
            if counter.given_back:
                break
            time.sleep(0.01)
        time.sleep(0.1)
        assert counter.given_back == 1, "without further calls there is nothing to give back"


def test_memory_goes_back_between_calls_that_follow_each_other(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_GIVE_BACK_SECONDS", 0.0)
    with served(counter) as pipe:
        for _ in range(1_000):
            if ask(pipe, "count") > 1:
                break
        assert counter.given_back > 1


def test_memory_does_not_go_back_after_each_call(counter: Counter) -> None:
    with served(counter) as pipe:
        assert [ask(pipe, "count") for _ in range(50)] == [0] * 50
