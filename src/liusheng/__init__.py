"""Liusheng (流声): a streaming speech server, and its client.

    async with liusheng.connect("ws://127.0.0.1:8090") as client: ...

`liusheng.client` has the rest.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from liusheng._version import __version__

if TYPE_CHECKING:
    from liusheng.client import connect

__all__ = ["__version__", "connect"]

# Without it, ONNX Runtime keeps an identifier of the device and sends records of its use to its
# maker. It reads the variable once, before its first session; worker processes inherit it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def __getattr__(name: str) -> object:
    if name == "connect":  # loaded when it is used: worker processes import this package too
        from liusheng.client import connect

        return connect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
