"""What was said in a conversation, as the language model gets it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.quoting import quoted
from liusheng.protocol.realtime_responses import Content, Item

Role = Literal["system", "user", "assistant"]

ITEM_CHARS = 50
"""What an item counts besides its text."""

_CLAUSE = re.compile(r"[^。！？；，,.!?;\n]*[。！？；，,.!?;\n]?")


@dataclass(frozen=True)
class ChatMessage:
    """A message to the language model."""

    role: Role
    content: str


@dataclass(frozen=True)
class SpokenSpan:
    """Where a part of a text is in its audio. first, stop: characters. start, end: seconds."""

    first: int
    stop: int
    start: float
    end: float


@dataclass
class ConversationItem:
    """A message of the conversation.

    audio: it was spoken, by the user or by us.
    spoken: where its text is in its audio, as far as that was sent.
    """

    id: str
    role: Role
    text: str = ""
    audio: bool = False
    status: Literal["in_progress", "completed", "incomplete"] = "completed"
    spoken: list[SpokenSpan] = field(default_factory=list)

    def message(self) -> Item:
        """Return it as clients get it."""
        if self.role == "assistant":
            kind: Literal["output_audio", "output_text", "input_audio", "input_text"]
            kind = "output_audio" if self.audio else "output_text"
        else:
            kind = "input_audio" if self.audio else "input_text"
        if self.audio:
            content = Content(type=kind, transcript=self.text or None)
        else:
            content = Content(type=kind, text=self.text)
        empty = self.role == "assistant" and not self.text
        return Item(
            id=self.id,
            status=self.status,
            role=self.role,
            content=() if empty else (content,),
        )

    def heard(self, seconds: float) -> str:
        """Return the text that is spoken in the first seconds of its audio."""
        known = [span for span in self.spoken if span.start < seconds]
        if not known:
            begin = 0
        else:
            last = known[-1]
            share = min(1.0, (seconds - last.start) / max(last.end - last.start, 1e-9))
            if share < 1 or last is not self.spoken[-1]:
                return self.text[: last.first + round(share * (last.stop - last.first))]
            begin = last.stop
        if seconds <= 0 or begin >= len(self.text):
            return self.text[:begin]
        # What is spoken after the last known place has no times yet: it is at most a clause.
        clause = _CLAUSE.match(self.text, begin)
        return self.text[: clause.end()] if clause else self.text


class ConversationHistory:
    """The items of a conversation, in order.

    max_chars: of all; the oldest items are dropped.
    """

    def __init__(self, max_chars: int) -> None:
        self.max_chars = max_chars
        self._items: list[ConversationItem] = []

    def add(self, item: ConversationItem, after: str | None = None) -> str | None:
        """Add an item, at the end or after another; return the identifier of the one before it.

        after: "root": at the beginning.

        Raises:
            ProtocolError: item_create_duplicate_item_id, invalid_field or text_too_long.
        """
        if any(each.id == item.id for each in self._items):
            raise ProtocolError(
                ErrorCode.DUPLICATE_ITEM,
                f"The conversation has an item {quoted(item.id)}; use another id.",
            )
        if len(item.text) > self.max_chars:
            raise ProtocolError(
                ErrorCode.TEXT_TOO_LONG,
                f"The item has {len(item.text):,} characters; a conversation may have "
                f"{self.max_chars:,}.",
            )
        place = len(self._items)
        if after == "root":
            place = 0
        elif after is not None:
            place = 1 + self._place(after, ErrorCode.INVALID_FIELD)
        before = self._items[place - 1].id if place else None
        self._items.insert(place, item)
        self.shorten()
        return before

    def shorten(self) -> None:
        """Drop the oldest items, until the rest is short enough; the newest always stays."""
        total = sum(len(each.text) + ITEM_CHARS for each in self._items)
        while total > self.max_chars and len(self._items) > 1:
            total -= len(self._items.pop(0).text) + ITEM_CHARS

    def get(self, item_id: str, code: ErrorCode) -> ConversationItem:
        """Return an item. Raises ProtocolError with this code."""
        return self._items[self._place(item_id, code)]

    def find(self, item_id: str) -> ConversationItem | None:
        """Return an item; None: there is none, or not any more."""
        return next((each for each in self._items if each.id == item_id), None)

    @property
    def last(self) -> str | None:
        """The identifier of the newest item; None: there is none."""
        return self._items[-1].id if self._items else None

    def before(self, item_id: str) -> str | None:
        """Return the identifier of the item before another one; None: there is none."""
        ids = [each.id for each in self._items]
        place = ids.index(item_id) if item_id in ids else 0
        return ids[place - 1] if place else None

    def remove(self, item_id: str) -> None:
        """Remove an item. Raises ProtocolError: item_delete_invalid_item_id."""
        del self._items[self._place(item_id, ErrorCode.UNKNOWN_ITEM_TO_DELETE)]

    def messages(self) -> tuple[ChatMessage, ...]:
        """Return what the language model gets."""
        return chat_messages(self._items)

    def _place(self, item_id: str, code: ErrorCode) -> int:
        for place, item in enumerate(self._items):
            if item.id == item_id:
                return place
        raise ProtocolError(
            code,
            f"The conversation has no item {quoted(item_id)}; it was never there, or was dropped "
            "or deleted.",
        )


def chat_messages(items: Sequence[ConversationItem]) -> tuple[ChatMessage, ...]:
    """Return items as messages; what one speaker says in a row is one message."""
    spoken = (item for item in items if item.text.strip())
    return tuple(
        ChatMessage(role, "\n".join(item.text for item in turn))
        for role, turn in groupby(spoken, key=lambda item: item.role)
    )
