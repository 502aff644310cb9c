"""The text front end: written Mandarin, with English in it, to clauses of syllables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liusheng.tts.text.frontend import FrontEnd

__all__ = ["FrontEnd"]


def __getattr__(name: str) -> Any:
    # Imported when it is asked for: its rules are many patterns, which processes that need only
    # the types of this package would compile for nothing.
    if name == "FrontEnd":
        from liusheng.tts.text.frontend import FrontEnd

        return FrontEnd
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
