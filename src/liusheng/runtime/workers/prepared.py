"""What a factory of handlers returns where workers can share a part of the work."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class PreparedHandler(ABC):
    """All of a handler that has no threads: a fork has none of those of the process it is of."""

    @abstractmethod
    def finish(self) -> Any:
        """Return the handler. Called once in each worker."""
