"""Logs for people and for programs. Each test gives the root logger back as it was."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from liusheng.server import logs


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    chatty = {
        name: logging.getLogger(name).level
        for name in ("uvicorn.error", "uvicorn.access", "httpx", "asyncio")
    }
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)
    for name, before in chatty.items():
        logging.getLogger(name).setLevel(before)


def logged(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


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
    for name in ("uvicorn.error", "httpx"):
        logging.getLogger(name).info("connection open")
        logging.getLogger(name).warning("odd")
    assert [line for line in logged(capsys) if "connection open" in line] == []
