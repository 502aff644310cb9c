"""Every setting of the server, in one typed place.

A setting's path is its group and its name (`limits.idle_seconds`); in a TOML file it stands under
its group's table, in the environment it is `LIUSHENG_LIMITS__IDLE_SECONDS`. `settings_sources`
reads files, environment and flags into these types; `Settings()` reads nothing: all defaults.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from liusheng.asr.options import (
    AsrOptions,
    CorrectionOptions,
    LiveOptions,
    MoonshineOptions,
    OnlineOptions,
    SherpaOfflineOptions,
    WhisperOptions,
)
from liusheng.asr.types import Script
from liusheng.models.store import default_home
from liusheng.server.cores import usable_cores


def _split(value: Any) -> Any:
    """A list in one string, as flags and environment variables have it: `a,b` or `["a", "b"]`."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("["):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"is no list that can be read ({error.msg})") from None
    return [part.strip() for part in text.split(",") if part.strip()]


Models = Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(_split)]
Port = Annotated[int, Field(ge=0, le=65_535)]


class Group(BaseModel):
    """A table of settings."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True
    )


class AsrSettings(Group):
    """Recognition."""

    models: Models = Field(
        default=["whisper-base", "moonshine-tiny-en"],
        description="Catalogue names or folders; a language goes to the last one that is made "
        "for it, everything else to the first.",
    )
    script: Script = Field(
        default=Script.SIMPLIFIED,
        description="Characters of Chinese text: simplified or traditional.",
    )
    live: LiveOptions = Field(default_factory=LiveOptions)
    whisper: WhisperOptions = Field(default_factory=WhisperOptions)
    moonshine: MoonshineOptions = Field(default_factory=MoonshineOptions)
    online: OnlineOptions = Field(default_factory=OnlineOptions)
    sherpa_offline: SherpaOfflineOptions = Field(default_factory=SherpaOfflineOptions)
    correction: CorrectionOptions = Field(default_factory=CorrectionOptions)

    punctuation: str = Field(
        default="",
        description="Model that punctuates what is sent to /paddlespeech/text: a catalogue name or "
        "a folder; empty: none.",
    )

    @property
    def helpers(self) -> list[str]:
        """The models that are needed beside those that recognise: of the second pass, and for
        punctuation, where there are any."""
        return [name for name in (*self.second_pass, self.punctuation) if name]

    @property
    def second_pass(self) -> list[str]:
        """The model that hears the utterances of online models again, if there is one."""
        return [self.online.second_pass] if self.online.second_pass else []


_OF_WORKERS = ("threads", "batch")

SET_BY_WORKERS = frozenset(
    f"asr.{group}.{name}" for group in AsrSettings.model_fields for name in _OF_WORKERS
)
"""Options of engines that are no settings of their own: `workers` says them for every engine."""


class TtsSettings(Group):
    """Synthesis."""

    models: Models = Field(
        default=["baker-zh", "hibari-heart"],
        description="Catalogue names or folders; the first one's first voice is voice 0.",
    )
    lexicon: str = Field(
        default="",
        description="File of your own words and their pinyin, read again when it changes; empty: "
        "none.",
    )
    flush_seconds: float = Field(
        default=0.8,
        ge=0,
        description="So long without more of a text that comes in pieces, and what is complete of "
        "it is said; 0: never.",
    )


class LimitSettings(Group):
    """What a client may use."""

    max_sessions: int = Field(
        default=128,
        ge=1,
        description="Sessions at a time, counted for recognition and synthesis apart.",
    )
    idle_seconds: float = Field(
        default=60, gt=0, description="A session that sends nothing for so long is closed."
    )
    max_packet_bytes: int = Field(default=1 << 20, ge=1024, description="Size of one binary frame.")
    max_upload_bytes: int = Field(
        default=100 << 20, ge=1024, description="Size of a file that is sent to be recognised."
    )
    max_queued_seconds: float = Field(
        default=30,
        gt=0,
        description="Audio of a session that waits to be recognised, before the server reads "
        "more slowly.",
    )
    max_partial_interval_seconds: float = Field(
        default=10,
        gt=0,
        description="A new recognition is refused if with it every speaker would have a partial "
        "result less often.",
    )
    max_lag_seconds: float = Field(
        default=10,
        gt=0,
        description="A new recognition is refused while the longest waiting one has waited longer "
        "to be decoded.",
    )
    max_text_chars: int = Field(default=10_000, ge=1, description="Length of one text to be said.")
    max_session_seconds: float = Field(
        default=0, ge=0, description="Audio in one recognition; 0: no limit."
    )
    ping_interval: float = Field(
        default=20, gt=0, description="Seconds between two keepalive pings on a socket."
    )
    ping_timeout: float = Field(
        default=60,
        gt=0,
        description="Seconds after which a ping that was not answered ends the socket.",
    )


class WorkerSettings(Group):
    """The processes that compute."""

    asr: int = Field(
        default_factory=usable_cores,
        ge=1,
        le=512,
        description="Processes for recognition; by default one for each core.",
    )
    tts: int = Field(
        default_factory=usable_cores,
        ge=1,
        le=512,
        description="Processes for synthesis; by default one for each core.",
    )
    threads: int = Field(default=1, ge=1, le=256, description="Threads in each process.")
    batch: int = Field(
        default=8, ge=1, le=256, description="Streams that are computed together at most."
    )
    call_timeout: float = Field(
        default=60,
        gt=0,
        description="Seconds after which a batch that does not end counts as hung.",
    )
    nice: int = Field(
        default=0,
        ge=0,
        le=19,
        description="By how much workers give way to the rest of the machine.",
    )


class CompatSettings(Group):
    """Dialects of the original's relatives."""

    cpp_runtime: bool = Field(
        default=False,
        description="Whether recognition is served at / as the original's C++ runtime answers it.",
    )
    speech_web: bool = Field(
        default=False,
        description="Whether the sockets of the original's speech_web demo are served: "
        "/ws/asr/onlineStream and /ws/tts/online.",
    )


class Settings(BaseSettings):
    """The server's settings."""

    model_config = SettingsConfigDict(
        env_prefix="LIUSHENG_",
        env_nested_delimiter="__",
        enable_decoding=False,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        validate_default=True,
    )

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on; 0.0.0.0 and :: are every address of this machine, "
        "for anyone who can reach it.",
    )
    ports: Annotated[list[Port], BeforeValidator(_split), Field(min_length=1)] = Field(
        default=[8090], description="Ports to listen on; 0: any that is free."
    )
    path_prefix: str = Field(
        default="", description='What every path begins with, behind a reverse proxy: "/speech".'
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important message that is logged."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="Lines for people, or one JSON object a line."
    )
    home: Path = Field(
        default_factory=default_home, description="Folder of the models that were fetched."
    )
    asr: AsrSettings = AsrSettings()
    tts: TtsSettings = TtsSettings()
    limits: LimitSettings = LimitSettings()
    workers: WorkerSettings = WorkerSettings()
    compat: CompatSettings = CompatSettings()

    @property
    def asr_options(self) -> AsrOptions:
        """What recognisers are made with."""
        groups = {group.name: getattr(self.asr, group.name) for group in fields(AsrOptions)}
        for name, options in groups.items():
            known = {option.name for option in fields(options)}
            said = {each: getattr(self.workers, each) for each in _OF_WORKERS if each in known}
            groups[name] = replace(options, **said)
        return AsrOptions(**groups)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take nothing from the surroundings: `settings_sources.load` does, and says from where."""
        return (init_settings,)

    @field_validator("ports")
    @classmethod
    def _each_port_once(cls, ports: list[int]) -> list[int]:
        named = [port for port in ports if port]
        if len(set(named)) < len(named):
            raise ValueError("names a port twice")
        return ports

    @field_validator("path_prefix")
    @classmethod
    def _prefix_is_a_path(cls, prefix: str) -> str:
        prefix = prefix.rstrip("/")
        if prefix and (not prefix.startswith("/") or any(c in prefix for c in " ?#{}\\")):
            raise ValueError('must begin with "/" and be a plain path, such as "/speech"')
        return prefix

    @field_validator("home")
    @classmethod
    def _home_of_the_user(cls, home: Path) -> Path:
        return home.expanduser()

    @model_validator(mode="after")
    def _something_to_serve(self) -> Settings:
        if not self.asr.models and not self.tts.models:
            raise ValueError("asr.models and tts.models are both empty: there is nothing to serve")
        return self
