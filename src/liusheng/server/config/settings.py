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
from liusheng.models.catalogue import Catalogue
from liusheng.models.store import default_home
from liusheng.models.types import Task
from liusheng.protocol import paths
from liusheng.server.config.access import AccessSettings, TlsSettings
from liusheng.server.config.group import Group, split
from liusheng.server.config.observe import ObserveSettings
from liusheng.server.config.openai import OpenAISettings
from liusheng.server.cores import usable_cores

Models = Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(split)]
Port = Annotated[int, Field(ge=0, le=65_535)]


class AsrSettings(Group):
    """Recognition."""

    models: Models = Field(
        default_factory=lambda: Catalogue.default().defaults(Task.ASR),
        description="Catalogue names or folders. A language uses the last model made for that "
        "language; other languages use the first model.",
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


_OF_WORKERS = ("threads", "batch")

SET_BY_WORKERS = frozenset(
    f"asr.{group}.{name}" for group in AsrSettings.model_fields for name in _OF_WORKERS
)
"""Options of engines that are not settings themselves: `workers` sets them for all engines."""


class TtsSettings(Group):
    """Synthesis."""

    models: Models = Field(
        default_factory=lambda: Catalogue.default().defaults(Task.TTS),
        description="Catalogue names or folders; the first one's first voice is voice 0.",
    )
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


class LimitSettings(Group):
    """The limits of clients."""

    max_sessions: int = Field(
        default=128,
        ge=1,
        description="Simultaneous sessions, counted separately for recognition and synthesis.",
    )
    idle_seconds: float = Field(
        default=60,
        gt=0,
        description="Seconds without a message of the client, after which a session is closed.",
    )
    max_packet_bytes: int = Field(
        default=1 << 20, ge=1024, description="Bytes of one packet of audio."
    )
    max_upload_bytes: int = Field(
        default=100 << 20, ge=1024, description="Bytes of a file for recognition."
    )
    max_upload_seconds: float = Field(
        default=86_400,
        gt=0,
        description="Seconds of audio in a file for recognition: a small file can be many hours of "
        "silence.",
    )
    max_queued_seconds: float = Field(
        default=30,
        gt=0,
        description="Seconds of queued audio of a session, at which the server starts to read more "
        "slowly.",
    )
    max_partial_interval_seconds: float = Field(
        default=10,
        gt=0,
        description="A new recognition is refused if it would make the partial results of every "
        "speaker rarer than this.",
    )
    max_lag_seconds: float = Field(
        default=10,
        gt=0,
        description="A new recognition is refused while a stream has waited longer than this for "
        "a decode.",
    )
    queue_seconds: float = Field(
        default=0,
        ge=0,
        le=60,
        description="Seconds for which a client waits for a place, first come, first served, "
        "before it is refused; 0: it is refused at once.",
    )
    max_text_chars: int = Field(
        default=10_000, ge=1, description="Characters of one text for synthesis."
    )
    max_session_seconds: float = Field(
        default=0, ge=0, description="Seconds of audio in one recognition; 0: no limit."
    )
    max_connections: int = Field(
        default=1_000, ge=1, description="Connections in all, sessions or not."
    )
    max_connections_per_address: int = Field(
        default=400,
        ge=1,
        description="Connections of one address; this machine's own addresses are not limited.",
    )
    max_sessions_per_address: int = Field(
        default=64,
        ge=1,
        description="WebSockets and requests with a body, at a time, of one address; this "
        "machine's own addresses are not limited.",
    )
    max_recognitions_per_socket: int = Field(
        default=4,
        ge=1,
        description="Recognitions of one Realtime WebSocket that are under way at a time; the "
        "server reads no more from it until one has ended.",
    )
    max_buffered_bytes: int = Field(
        default=128 << 20,
        ge=1 << 20,
        description="Bytes that the server holds for all clients together; the largest users wait "
        "first, and new work is refused when it is used up.",
    )
    max_connection_bytes: int = Field(
        default=32 << 20,
        ge=1 << 16,
        description="Bytes that the server holds for one connection; also the largest body in "
        "JSON.",
    )
    header_seconds: float = Field(
        default=10,
        gt=0,
        description="Seconds for the headers of a request, after which the connection is closed.",
    )
    first_audio_seconds: float = Field(
        default=20,
        gt=0,
        description="Seconds from `start` to the first audio of a recognition, after which its "
        "place is given to others.",
    )
    unread_seconds: float = Field(
        default=60,
        gt=0,
        description="Seconds after which a client that does not read what it is sent is "
        "disconnected.",
    )
    min_upload_rate: int = Field(
        default=2_000,
        ge=0,
        description="Bytes a second that a body in JSON or a form must bring on average, after the "
        "first `idle_seconds`; 0: any.",
    )
    ping_interval: float = Field(
        default=20, gt=0, description="Seconds between two keepalive pings on a WebSocket."
    )
    ping_timeout: float = Field(
        default=60,
        gt=0,
        description="Seconds after which an unanswered ping closes the WebSocket.",
    )

    @property
    def upload_seconds(self) -> float:
        """Seconds of audio in a file for recognition, by both limits."""
        return min(self.max_upload_seconds, self.max_session_seconds or self.max_upload_seconds)


class ResumeSettings(Group):
    """Recognitions whose connections broke, kept for their clients to resume."""

    seconds: float = Field(
        default=30, ge=0, description="Seconds for which a recognition is kept; 0: none is."
    )
    max_sessions: int = Field(default=64, ge=1, description="Recognitions kept at the same time.")
    max_bytes: int = Field(
        default=64 << 20, ge=0, description="Bytes of their audio in memory, together."
    )


class WorkerSettings(Group):
    """The worker processes."""

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
    decoding: int = Field(
        default=64,
        ge=1,
        le=4096,
        description="Most processes that decode files and containers, one for each that is being "
        "received; further ones are refused.",
    )
    decoding_memory_bytes: int = Field(
        default=96 << 20,
        ge=16 << 20,
        description="Bytes that a process may allocate to decode one file.",
    )
    decoding_stall_seconds: float = Field(
        default=30,
        gt=0,
        description="Seconds after which a file is given up whose decoding does not progress.",
    )
    threads: int = Field(default=1, ge=1, le=256, description="Threads in each process.")
    batch: int = Field(default=8, ge=1, le=256, description="Most streams in one batch.")
    call_timeout: float = Field(
        default=60,
        gt=0,
        description="Seconds after which a worker whose batch does not end is restarted in any "
        "case; usually that happens after five times what the batch is expected to take.",
    )
    nice: int = Field(
        default=0,
        ge=0,
        le=19,
        description="Nice value of the workers: a higher one gives way to other programs.",
    )


class DrainSettings(Group):
    """The end of the server: what running sessions are granted."""

    seconds: float = Field(
        default=30,
        ge=0,
        description="Seconds in which running sessions may finish after SIGTERM.",
    )
    interrupt_seconds: float = Field(default=3, ge=0, description="The same after SIGINT (Ctrl-C).")
    final_seconds: float = Field(
        default=10,
        ge=0,
        description="Seconds after that for the text of what was received from those that have not "
        "finished.",
    )


class WatchdogSettings(Group):
    """The event-loop watchdog."""

    seconds: float = Field(
        default=30,
        ge=0,
        description="Seconds after which a server that hangs is ended; 0: never.",
    )


class CompatSettings(Group):
    """Dialects of the protocol."""

    cpp_runtime: bool = Field(
        default=False,
        description="Serve recognition at / with the replies of PaddleSpeech's C++ runtime.",
    )
    speech_web: bool = Field(
        default=False,
        description="Serve the WebSockets of PaddleSpeech's speech_web demo: "
        f"{paths.SPEECH_WEB_ASR} and {paths.SPEECH_WEB_TTS}.",
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

    @property
    def asr_options(self) -> AsrOptions:
        """The options of the recognisers."""
        groups = {group.name: getattr(self.asr, group.name) for group in fields(AsrOptions)}
        for name, options in groups.items():
            known = {option.name for option in fields(options)}
            set_by_workers = {
                each: getattr(self.workers, each) for each in _OF_WORKERS if each in known
            }
            groups[name] = replace(options, **set_by_workers)
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
    def _something_to_serve(self) -> Settings:
        if not self.asr.models and not self.tts.models:
            raise ValueError("asr.models and tts.models are both empty: there is nothing to serve")
        return self
