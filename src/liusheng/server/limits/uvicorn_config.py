"""Uvicorn's configuration with our limits in it: the way to its protocol classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import uvicorn

from liusheng.protocol.errors import ProtocolError
from liusheng.server.limits.server_limits import ServerLimits


class LimitedConfig(uvicorn.Config):
    """A configuration of uvicorn.

    limits: of the server.
    refusal: returns the response to a connection that is refused.
    """

    def __init__(
        self,
        app: Any,
        limits: ServerLimits,
        refusal: Callable[[ProtocolError], bytes],
        **options: Any,
    ) -> None:
        super().__init__(app, **options)
        self.limits = limits
        self.refusal = refusal
