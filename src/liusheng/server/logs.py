"""Logs: one line per event, for people or as JSON, with the id of the session if there is one."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog

from liusheng.server.log_escaping import escape_json, escape_values
from liusheng.server.log_tracebacks import json_tracebacks, shorten_asyncio, text_tracebacks

_log = logging.getLogger(__name__)


def announce(text: str, style: Literal["text", "json"]) -> None:
    """Tell the person who started a program that it is ready. text: lines of which the first says
    it; where the log is JSON, only that one is told, in the log."""
    if style == "json":
        _log.info(text.splitlines()[0])
    else:
        sys.stdout.write(text)
        sys.stdout.flush()


def set_up(level: str, style: Literal["text", "json"]) -> None:
    """Write the logs of this process from `level` on to standard error.

    At level debug they have the messages of exceptions, which may quote what clients send.
    """
    messages = level == "debug"
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=style == "json"),
    ]
    if style == "json":
        rendering: list[structlog.types.Processor] = [
            structlog.processors.ExceptionRenderer(json_tracebacks(messages=messages)),
            structlog.processors.JSONRenderer(ensure_ascii=False),
            escape_json,
        ]
    else:
        rendering = [
            escape_values,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                exception_formatter=text_tracebacks(messages=messages),
            ),
        ]
    if not messages:
        rendering.insert(0, shorten_asyncio)
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # At "info", these libraries log every connection and request, as our own lines do.
    for chatty in ("uvicorn.error", "uvicorn.access", "httpx2", "asyncio"):
        logging.getLogger(chatty).setLevel(max(root.level, logging.WARNING))
    # It warns of each odd form, which is answered with an error.
    logging.getLogger("python_multipart").setLevel(max(root.level, logging.ERROR))
