"""What a transcript needs of an utterance; `liusheng.asr.types` has the classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class WordLike(Protocol):
    """A word with its place in the audio, in seconds (see `liusheng.asr.types.Word`)."""

    @property
    def text(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


class AlternativeLike(Protocol):
    """What an utterance may be, too (see `liusheng.asr.types.Alternative`)."""

    @property
    def text(self) -> str: ...
    @property
    def score(self) -> float: ...


class UtteranceLike(Protocol):
    """A closed utterance (see `liusheng.asr.types.Utterance`)."""

    @property
    def index(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def words(self) -> Sequence[WordLike]: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def alternatives(self) -> Sequence[AlternativeLike]: ...
