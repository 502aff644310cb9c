"""The formats of encoded audio, by their names in the protocol."""

from __future__ import annotations

from typing import Literal

Format = Literal["pcm_s16le", "wav", "mp3", "ogg_opus", "aac", "flac"]
"""What `liusheng.audio.encode` can make."""

Compressed = Literal["mp3", "ogg_opus", "aac", "flac"]
"""Those of FFmpeg's encoders."""
