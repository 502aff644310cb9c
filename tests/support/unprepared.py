"""What engines and recognisers have in common that prepare nothing."""

from __future__ import annotations

from liusheng.asr.capabilities import Batching
from liusheng.asr.offline.engine import Effort, Window
from liusheng.asr.recognizer import Turn


class PlainEngine:
    """An engine that computes all of a batch together."""

    batching = Batching.ALL

    def prepare(self, window: Window, effort: Effort) -> Window:
        return window


class PlainRecognizer:
    """A recogniser that computes all of a batch together."""

    def prepare(self, turn: Turn) -> Turn:
        return turn
