"""The settings of observation."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from liusheng.server.config.group import Group


def _http_address(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError(
            f'{text!r} is not the address of an OTLP receiver; write it as in "http://127.0.0.1:4318"'
        )
    return text


class ObserveSettings(Group):
    """Traces. Health, metrics and the access log need no settings."""

    otlp_endpoint: Annotated[str, AfterValidator(_http_address)] = Field(
        default="",
        description='OpenTelemetry receiver of traces (OTLP over HTTP): "http://127.0.0.1:4318"; '
        "empty: no traces.",
    )
    trace_ratio: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Share of the requests that are traced, of those that bring no trace context "
        "of their own.",
    )
