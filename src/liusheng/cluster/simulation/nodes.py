"""Which replica is on which machine."""

from __future__ import annotations

from typing import Generic, TypeVar

R = TypeVar("R")


class Nodes(Generic[R]):
    """Nodes with room for some replicas each; a new one begins when all are full."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._nodes: dict[int, list[R]] = {}
        self._open: set[int] = set()
        self._place: dict[R, int] = {}
        self._next = 0

    def add(self, replica: R) -> int | None:
        """Give a replica a place; return the node where one had to begin."""
        began = None
        if not self._open:
            began = self._next
            self._next += 1
            self._nodes[began] = []
            self._open.add(began)
        number = next(iter(self._open))
        node = self._nodes[number]
        node.append(replica)
        self._place[replica] = number
        if len(node) == self._size:
            self._open.discard(number)
        return began

    def remove(self, replica: R) -> None:
        """A replica is gone; a node without replicas is, too."""
        number = self._place.pop(replica)
        node = self._nodes[number]
        node.remove(replica)
        self._open.add(number)
        if not node:
            del self._nodes[number]
            self._open.discard(number)

    def on(self, number: int) -> list[R]:
        """Return the replicas of a node; none: it is gone."""
        return list(self._nodes.get(number, ()))

    def __len__(self) -> int:
        return len(self._nodes)
