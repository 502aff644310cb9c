"""The paths that say how the server is."""

from __future__ import annotations

from liusheng.server.http.endpoint import Endpoint
from liusheng.server.observe.health import health_endpoint, readiness_endpoint
from liusheng.server.observe.metrics import metrics_endpoint
from liusheng.server.observe.observer import Observer


def observation_endpoints(observer: Observer) -> list[Endpoint]:
    """Return the endpoints of `/healthz`, `/readyz` and `/metrics`."""
    return [health_endpoint(), readiness_endpoint(observer), metrics_endpoint(observer)]
