"""What the tests of measurements share."""

from __future__ import annotations

from ..client.conftest import server

__all__ = ["server"]
