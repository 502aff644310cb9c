"""The settings of synthesis."""

from __future__ import annotations

from pydantic import Field

from liusheng.models.catalogue import Catalogue
from liusheng.models.devices import Device
from liusheng.models.types import Task
from liusheng.server.config.group import Group, Models


class TtsSettings(Group):
    """Synthesis."""

    models: Models = Field(
        default_factory=lambda: Catalogue.default().defaults(Task.TTS),
        description="Catalogue names or folders; the first one's first voice is voice 0.",
    )
    device: Device = Field(default="cpu", description="As asr.device, for the voices.")
    lexicon: str = Field(
        default="",
        description="File with your own words and their pinyin, read again when it changes; empty: "
        "none.",
    )
    flush_seconds: float = Field(
        default=0.8,
        ge=0,
        description="Seconds without a further piece of a text, after which what was received is "
        "synthesised; 0: never.",
    )
