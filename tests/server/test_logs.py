"""Logs for people and for programs. Each test gives the root logger back as it was."""

from __future__ import annotations

import asyncio
import builtins
import gc
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from liusheng.runtime.failures import WorkerTraceback
from liusheng.runtime.workers.process import WorkerLostError
from liusheng.server import logs
from liusheng.server.log_escaping import escape_json, escaped
from tests.support.failing import SECRET, caught, quote_again, quote_with_a_cause


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    chatty = {
        name: logging.getLogger(name).level
        for name in ("uvicorn.error", "uvicorn.access", "httpx2", "asyncio")
    }
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)
    for name, before in chatty.items():
        logging.getLogger(name).setLevel(before)


def logged(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_banner_is_no_line_among_json(capsys: pytest.CaptureFixture[str]) -> None:
    styles: tuple[Literal["json", "text"], ...] = ("json", "text")
    for style in styles:
        logs.set_up("info", style)
        logs.announce("It is ready.\n  address\n", style)
    written = capsys.readouterr()
    assert json.loads(written.err)["event"] == "It is ready."
    assert written.out == "It is ready.\n  address\n"


def test_json_has_the_session_and_the_characters(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", "json")
    with structlog.contextvars.bound_contextvars(session="s1"):
        logging.getLogger("liusheng.test").warning("refused: %s", "你好")
    (line,) = logged(capsys)
    assert "你好" in line
    event = json.loads(line)
    assert event["event"] == "refused: 你好"
    assert (event["session"], event["level"], event["logger"]) == ("s1", "warning", "liusheng.test")
    assert event["timestamp"].endswith("Z")


@pytest.mark.parametrize("style", ["text", "json"])
def test_tracebacks_have_no_local_variables(
    style: Literal["text", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up("info", style)
    try:
        spoken = "secret " + "words"
        raise ValueError(len(spoken))
    except ValueError:
        logging.getLogger("liusheng.test").exception("failed")
    text = capsys.readouterr().err
    assert "ValueError" in text
    assert "secret words" not in text


def test_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("warning", "text")
    logging.getLogger("liusheng.test").info("connected")
    assert logged(capsys) == []


def test_libraries_log_warnings_only(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("debug", "text")
    for name in ("uvicorn.error", "httpx2"):
        logging.getLogger(name).info("connection open")
        logging.getLogger(name).warning("odd")
    assert [line for line in logged(capsys) if "connection open" in line] == []


FORGED = "x\n2026-01-01T00:00:00 [info     ] all is well\x1b[2K\r\u202e\x9b31m\u2028"


@pytest.mark.parametrize("style", ["text", "json"])
def test_what_a_client_sent_forges_no_line(
    style: Literal["text", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up("info", style)
    with structlog.contextvars.bound_contextvars(session=FORGED, peer=[FORGED]):
        logging.getLogger("liusheng.test").warning("refused %s", FORGED)
    (line,) = capsys.readouterr().err.split("\n")[:-1]
    assert line.isprintable()
    assert "all is well" in line
    if style == "json":
        event = json.loads(line)
        assert (event["event"], event["session"]) == (f"refused {FORGED}", FORGED)


@pytest.mark.parametrize("style", ["text", "json"])
def test_an_exception_that_quotes_a_client_forges_no_line(
    style: Literal["text", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up("debug", style)
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("liusheng.test").exception("failed")
    first, *more = capsys.readouterr().err.split("\n")[:-1]
    assert "failed" in first
    assert all(line.isprintable() for line in (first, *more))
    assert all(line.startswith("    | ") for line in more)
    assert "all is well" in first if style == "json" else "all is well" in "".join(more)


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (quote_with_a_cause, ("KeyError", "ValueError", "in quote_with_a_cause")),
        (quote_again, ("KeyError", "LookupError", "in quote_again")),
    ],
)
def test_an_exception_is_logged_without_messages_but_at_level_debug(
    style: Literal["text", "json"],
    function: Callable[[], object],
    shown: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = caught(function)
    WorkerTraceback.of(error).attach(error)
    logs.set_up("info", style)
    logging.getLogger("liusheng.test").error("it failed", exc_info=error)
    text = capsys.readouterr().err
    assert SECRET not in text
    for each in shown:
        assert each in text.replace('"name": "', "in "), text
    logs.set_up("debug", style)
    logging.getLogger("liusheng.test").error("it failed", exc_info=error)
    assert SECRET in capsys.readouterr().err


def test_json_has_what_may_be_shown_of_each_exception(capsys: pytest.CaptureFixture[str]) -> None:
    def lose() -> None:
        try:
            raise WorkerLostError("Worker 5 died.")
        except WorkerLostError as error:
            raise ValueError(SECRET) from error

    logs.set_up("info", "json")
    logging.getLogger("liusheng.test").error("it failed", exc_info=caught(lose))
    found = json.loads(capsys.readouterr().err)["exception"]
    assert [(each["exc_type"], each["exc_value"]) for each in found] == [
        ("ValueError", ""),
        ("WorkerLostError", "Worker 5 died."),
    ]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no groups of exceptions")
@pytest.mark.parametrize("style", ["text", "json"])
def test_those_of_a_group_are_logged_without_messages(
    style: Literal["text", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise group(SECRET, [caught(quote_with_a_cause)])

    group: type[Exception] = getattr(builtins, "ExceptionGroup")  # noqa: B009  # since Python 3.11
    logs.set_up("info", style)
    logging.getLogger("liusheng.test").error("it failed", exc_info=caught(fail))
    text = capsys.readouterr().err
    assert "KeyError" in text
    assert SECRET not in text


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_task_that_fails_unseen_is_logged_without_its_message(
    style: Literal["text", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    async def leave() -> None:
        async def fail() -> None:
            quote_with_a_cause()

        task = asyncio.create_task(fail())
        await asyncio.wait({task})
        del task
        gc.collect()

        def fail_with(_: str) -> None:
            quote_with_a_cause()

        asyncio.get_running_loop().call_soon(fail_with, SECRET[:20])
        await asyncio.sleep(0)

    for level in ("info", "debug"):
        logs.set_up(level, style)
        asyncio.run(leave())
        text = capsys.readouterr().err
        assert "never retrieved" in text
        assert "Exception in callback" in text
        assert SECRET[:20] not in text or level == "debug"
        assert (SECRET in text) == (level == "debug")


@given(st.text())
def test_escaped_text_is_printable_and_readable_text_stays(text: str) -> None:
    assert escaped(text).isprintable()
    line = json.dumps({"a": text}, ensure_ascii=False)
    assert escape_json(None, "", line).isprintable()
    assert json.loads(escape_json(None, "", line)) == {"a": text}
    assert escaped("你好 a") == "你好 a"
