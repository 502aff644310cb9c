"""Every setting of the server, in one typed place.

A setting's path is its group and its name (`limits.idle_seconds`); in a TOML file it stands under
its group's table, in the environment it is `LIUSHENG_LIMITS__IDLE_SECONDS`. `settings_sources`
reads files, environment and flags into these types; `Settings()` reads nothing: all defaults.
"""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from liusheng.asr.options import AsrOptions
from liusheng.models.store import default_home
from liusheng.server.config.access import AccessSettings, TlsSettings
from liusheng.server.config.cluster import ClusterSettings
from liusheng.server.config.compat import CompatSettings
from liusheng.server.config.group import split
from liusheng.server.config.integrations import DeepgramSettings, TwilioSettings, WyomingSettings
from liusheng.server.config.lifecycle import DrainSettings, WatchdogSettings
from liusheng.server.config.limits import LimitSettings
from liusheng.server.config.llm import LlmSettings
from liusheng.server.config.observe import ObserveSettings
from liusheng.server.config.openai import OpenAISettings
from liusheng.server.config.recognition import OF_WORKERS, AsrSettings
from liusheng.server.config.resume import ResumeSettings
from liusheng.server.config.synthesis import TtsSettings
from liusheng.server.config.workers import WorkerSettings

Port = Annotated[int, Field(ge=0, le=65_535)]


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
        description="Address to listen on; 0.0.0.0 and :: are all addresses of this machine. "
        "Another one than a loopback address needs API keys, or access.no_auth.",
    )
    ports: Annotated[list[Port], BeforeValidator(split), Field(min_length=1)] = Field(
        default=[8090], description="Ports to listen on; 0: any that is free."
    )
    path_prefix: str = Field(
        default="", description='Prefix of every path, for a reverse proxy: "/speech".'
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe messages that are logged."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="Lines for people, or one JSON object a line."
    )
    home: Path = Field(default_factory=default_home, description="Folder of the downloaded models.")
    asr: AsrSettings = AsrSettings()
    tts: TtsSettings = TtsSettings()
    limits: LimitSettings = LimitSettings()
    resume: ResumeSettings = ResumeSettings()
    workers: WorkerSettings = WorkerSettings()
    drain: DrainSettings = DrainSettings()
    watchdog: WatchdogSettings = WatchdogSettings()
    compat: CompatSettings = CompatSettings()
    openai: OpenAISettings = OpenAISettings()
    access: AccessSettings = Field(default_factory=AccessSettings)
    tls: TlsSettings = TlsSettings()
    observe: ObserveSettings = ObserveSettings()
    llm: LlmSettings = LlmSettings()
    deepgram: DeepgramSettings = DeepgramSettings()
    twilio: TwilioSettings = TwilioSettings()
    wyoming: WyomingSettings = WyomingSettings()
    cluster: ClusterSettings = ClusterSettings()

    @property
    def asr_options(self) -> AsrOptions:
        """The options of the recognisers."""
        plain = ("languages", "device")
        named = [option.name for option in fields(AsrOptions) if option.name not in plain]
        groups = {name: getattr(self.asr, name) for name in named}
        for name, options in groups.items():
            known = {option.name for option in fields(options)}
            set_by_workers = {
                each: getattr(self.workers, each) for each in OF_WORKERS if each in known
            }
            groups[name] = replace(options, **set_by_workers)
        return AsrOptions(tuple(self.asr.languages), self.asr.device, **groups)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing but the arguments: `sources.load` reads the rest, and records its origin."""
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
    def _one_protocol_a_port(self) -> Settings:
        if self.wyoming.port and self.wyoming.port in self.ports:
            raise ValueError(
                f"wyoming.port is {self.wyoming.port}, which is one of the ports of HTTP (ports)"
            )
        return self

    @model_validator(mode="after")
    def _something_to_serve(self) -> Settings:
        if not self.asr.models and not self.tts.models:
            raise ValueError("asr.models and tts.models are both empty: there is nothing to serve")
        return self
