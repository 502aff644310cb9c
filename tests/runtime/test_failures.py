"""What a log has of an exception: nothing that a client may have sent."""

from __future__ import annotations

import builtins
import pickle
import sys
import threading
from collections.abc import Callable

import pytest

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.runtime import failures
from liusheng.runtime.errors import BusyError, GaveWayError
from liusheng.runtime.failures import WorkerTraceback, chain, frames, summary, traced
from liusheng.runtime.forking.fork_server import ForkerLostError
from liusheng.runtime.workers.process import WorkerLostError
from tests.support.failing import SECRET, caught, quote, quote_again, quote_with_a_cause


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError(SECRET), "ValueError"),
        (WorkerLostError("Worker 5 died (exit status 3)."), "Worker 5 died (exit status 3)."),
        (ForkerLostError("it ended"), "it ended"),
        (BusyError("2 sessions are running, the limit"), "2 sessions are running, the limit"),
        (GaveWayError(), str(GaveWayError())),
        (ProtocolError(ErrorCode.INVALID_FIELD, SECRET), "ProtocolError: invalid_field"),
        (
            FileNotFoundError(2, SECRET, "/etc/a.pem"),
            "FileNotFoundError: No such file or directory: '/etc/a.pem'",
        ),
        (OSError(SECRET), "OSError"),
        (OSError(SECRET, SECRET), "OSError"),
    ],
)
def test_a_line_has_our_own_words_or_the_type(error: Exception, text: str) -> None:
    assert summary(error) == text


def test_messages_of_our_own_need_no_traceback() -> None:
    error = ValueError(SECRET)
    assert traced(error) is error
    assert traced(WorkerLostError("Worker 5 died.")) is None


def test_frames_are_those_of_all_exceptions_without_their_messages() -> None:
    error = caught(quote_with_a_cause)
    text = frames(error)
    assert SECRET not in text
    order = [text.rindex(each) for each in ("in quote\n", "KeyError\n", "in quote_with_a_cause")]
    assert order == sorted(order)
    assert text.endswith("ValueError\n")


def test_an_exception_that_was_raised_while_another_was_handled_shows_it() -> None:
    error = caught(quote_again)
    assert [type(each) for each in chain(error)] == [LookupError, KeyError]
    assert "KeyError\n" in frames(error)
    error.__suppress_context__ = True
    assert [type(each) for each in chain(error)] == [LookupError]


def test_exceptions_that_lead_to_each_other_end() -> None:
    error, other = caught(quote), caught(quote)
    error.__cause__, other.__cause__ = other, error
    assert list(chain(error)) == [error, other]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no groups of exceptions")
def test_those_of_a_group_are_shown() -> None:
    def fail() -> None:
        raise group(SECRET, [caught(quote_with_a_cause), OSError(5, SECRET)])

    group: type[Exception] = getattr(builtins, "ExceptionGroup")  # noqa: B009  # since Python 3.11

    text = frames(caught(fail))
    assert SECRET not in text
    assert "ExceptionGroup\n" in text
    assert "  ValueError\n" in text
    assert "  OSError: Input/output error\n" in text


def test_the_frames_of_a_worker_come_along() -> None:
    sent = pickle.loads(pickle.dumps(WorkerTraceback.of(caught(quote_with_a_cause))))
    assert SECRET in sent.full
    error = caught(quote)
    sent.attach(error)
    assert "in quote_with_a_cause" in frames(error)
    assert SECRET not in frames(error)


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in ((sys, "excepthook"), (threading, "excepthook"), (sys, "unraisablehook")):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # back to that afterwards
    failures.print_frames_only()


def end_process() -> None:
    error = caught(quote)
    sys.excepthook(type(error), error, error.__traceback__)


def end_thread() -> None:
    thread = threading.Thread(target=quote)
    thread.start()
    thread.join()


def fail_in_a_finalizer() -> None:
    class Broken:
        def __del__(self) -> None:
            quote()

    Broken()


@pytest.mark.usefixtures("hooks")
@pytest.mark.parametrize("fail", [end_process, end_thread, fail_in_a_finalizer])
def test_what_nobody_handles_is_printed_without_messages(
    fail: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    fail()
    printed = capsys.readouterr().err
    assert "in quote" in printed
    assert SECRET not in printed
