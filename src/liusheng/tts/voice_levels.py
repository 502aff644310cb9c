"""How loud some voices of the catalogue are by themselves, measured by tools/voice_levels.py."""

from __future__ import annotations

LUFS = {
    "baker-zh": -21.7,
    "heart": -25.8,
    "liusheng-zh-en": -20.2,
    "liusheng-zh-en-male": -19.8,
}
"""Voice to LUFS (ITU-R BS.1770-4), over six sentences in its main language."""
