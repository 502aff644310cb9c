"""The items of a realtime session: the texts that its clients receive, and the recognitions they
come from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from liusheng.protocol import asr
from liusheng.protocol.transcript import Transcript


@dataclass
class RealtimeItem:
    """An utterance, or the audio between two commits.

    sent: the text that the client has received.
    started, stopped, committed: whether the client has received the event.
    """

    id: str
    transcript: Transcript = field(default_factory=Transcript)
    sent: str = ""
    started: bool = False
    stopped: bool = False
    committed: bool = False


@dataclass
class ItemRecognition:
    """A recognition and its items.

    start: its parameters.
    by_utterance: each utterance is an item; otherwise there is one item, with index 0.
    offset: seconds of the session's audio before this recognition's.
    seconds: of audio received.
    covered: seconds of that audio that the newest text covers.
    closed: seconds of that audio up to the end of the last closed utterance.
    detected: where speech was detected to begin, in seconds of its audio, and the item that it
        began, until an utterance is found to be it. Speech without words never is.
    """

    number: int
    start: asr.Start
    by_utterance: bool
    offset: float
    seconds: float = 0.0
    covered: float = math.inf
    closed: float = 0.0
    items: dict[int, RealtimeItem] = field(default_factory=dict)
    next_index: int = 0
    detected: list[tuple[float, RealtimeItem]] = field(default_factory=list)

    def item(self, index: int, before: float, new_id: Callable[[], str]) -> RealtimeItem:
        """Return the item of an utterance.

        before: the utterance began before this, and no later one did, in seconds.
        new_id: makes the identifier of a new item.
        """
        if index not in self.items:
            begun = [item for start, item in self.detected if start < before]
            del self.detected[: len(begun)]
            self.items[index] = begun[-1] if begun else self.new_item(new_id)
        return self.items[index]

    @staticmethod
    def new_item(new_id: Callable[[], str]) -> RealtimeItem:
        """Return an item without text."""
        return RealtimeItem(f"item_{new_id()}")
