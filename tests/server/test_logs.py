"""Logs for people and for programs. Each test gives the root logger back as it was."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from liusheng.server import logs
from liusheng.server.log_escaping import escape_json, escaped


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
    logs.set_up("info", style)
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("liusheng.test").exception("failed")
    first, *more = capsys.readouterr().err.split("\n")[:-1]
    assert "failed" in first
    assert all(line.isprintable() for line in (first, *more))
    assert all(line.startswith("    | ") for line in more)
    assert "all is well" in first if style == "json" else "all is well" in "".join(more)


@given(st.text())
def test_escaped_text_is_printable_and_readable_text_stays(text: str) -> None:
    assert escaped(text).isprintable()
    line = json.dumps({"a": text}, ensure_ascii=False)
    assert escape_json(None, "", line).isprintable()
    assert json.loads(escape_json(None, "", line)) == {"a": text}
    assert escaped("你好 a") == "你好 a"
