"""Logs: one line per event, for people or as JSON, with the id of the session if there is one."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog

from liusheng.server.log_escaping import escape_json, escape_values, indented_traceback


def set_up(level: str, style: Literal["text", "json"]) -> None:
    """Write the logs of this process from `level` on to standard error."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=style == "json"),
    ]
    if style == "json":
        rendering: list[structlog.types.Processor] = [
            # Without local variables: they contain texts of users.
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(ensure_ascii=False),
            escape_json,
        ]
    else:
        rendering = [
            escape_values,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                exception_formatter=indented_traceback,
            ),
        ]
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
