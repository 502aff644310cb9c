"""The items of a realtime session: the texts that its clients receive, and the recognitions they
come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from liusheng.protocol.transcript import Transcript


@dataclass
class RealtimeItem:
    """An utterance, or the audio between two commits.

    sent: the text that the client has received.
    started, committed: whether the client has received the event.
    """

    id: str
    transcript: Transcript = field(default_factory=Transcript)
    sent: str = ""
    started: bool = False
    committed: bool = False


@dataclass
class ItemRecognition:
    """A recognition and its items.

    by_utterance: each utterance is an item; otherwise there is one item, with index 0.
    offset: seconds of the session's audio before this recognition's.
    bytes_per_second: of the audio as the client sends it.
    seconds: of audio received.
    closed: seconds of that audio up to the end of the last closed utterance.
    """

    number: int
    by_utterance: bool
    offset: float
    bytes_per_second: int
    seconds: float = 0.0
    closed: float = 0.0
    items: dict[int, RealtimeItem] = field(default_factory=dict)
    next_index: int = 0

    def item(self, index: int, new_id: Callable[[], str]) -> RealtimeItem:
        """Return the item of an utterance; new_id: makes the identifier of a new one."""
        if index not in self.items:
            self.items[index] = RealtimeItem(f"item_{new_id()}")
        return self.items[index]
