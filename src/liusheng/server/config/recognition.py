"""The settings of recognition."""

from __future__ import annotations

from pydantic import Field

from liusheng.asr.options import (
    CorrectionOptions,
    LiveOptions,
    MoonshineOptions,
    OnlineOptions,
    SherpaOfflineOptions,
    WhisperOptions,
)
from liusheng.asr.types import Script
from liusheng.models.catalogue import Catalogue
from liusheng.models.devices import Device
from liusheng.models.types import Task
from liusheng.server.config.group import Group, Models


def _default_choice(models: list[str]) -> list[str]:
    return ["zh", "en"] if models == Catalogue.default().defaults(Task.ASR) else []


class AsrSettings(Group):
    """Recognition."""

    models: Models = Field(
        default_factory=lambda: Catalogue.default().defaults(Task.ASR),
        description="Catalogue names or folders. A language uses the last model made for that "
        "language; other languages use the first model.",
    )
    languages: Models = Field(
        default_factory=lambda given: _default_choice(given.get("models", [])),
        description="Languages that `auto` chooses from, where a client does not say; an empty "
        "list: all that the first model has, as by default with other models.",
    )
    script: Script = Field(
        default=Script.SIMPLIFIED,
        description="Characters of Chinese text: simplified or traditional.",
    )
    device: Device = Field(
        default="cpu",
        description="What the models compute on: cpu; cuda: a GPU, the server does not start where "
        "a model cannot use one; auto: a GPU for each model that can.",
    )
    live: LiveOptions = Field(default_factory=LiveOptions)
    whisper: WhisperOptions = Field(default_factory=WhisperOptions)
    moonshine: MoonshineOptions = Field(default_factory=MoonshineOptions)
    online: OnlineOptions = Field(default_factory=OnlineOptions)
    sherpa_offline: SherpaOfflineOptions = Field(default_factory=SherpaOfflineOptions)
    correction: CorrectionOptions = Field(default_factory=CorrectionOptions)

    punctuation: str = Field(
        default="",
        description="Model for /paddlespeech/text, which punctuates texts: a catalogue name or a "
        "folder; empty: none.",
    )

    @property
    def helpers(self) -> list[str]:
        """The models needed besides the recognisers: for the second pass and for punctuation."""
        return [name for name in (*self.second_pass, self.punctuation) if name]

    @property
    def second_pass(self) -> list[str]:
        """The model that recognises the utterances of online models again, if there is one."""
        return [self.online.second_pass] if self.online.second_pass else []


OF_WORKERS = ("threads", "batch")
"""Options of every engine that `workers` sets."""

SET_BY_WORKERS = frozenset(
    f"asr.{group}.{name}" for group in AsrSettings.model_fields for name in OF_WORKERS
)
"""The same by their paths: they are not settings themselves."""
