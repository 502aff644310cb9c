"""The settings of a cluster: how large a replica is, and how many there are."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from liusheng.server.config.group import Group


class ReplicaSettings(Group):
    """The replicas of one deployment."""

    min_replicas: int = Field(default=1, ge=1, description="Least number of replicas.")
    max_replicas: int = Field(default=1, ge=1, description="Greatest number of replicas.")
    cores: float = Field(
        default=1,
        gt=0,
        description="Cores of a replica, reserved in Ray; also its worker processes for "
        "recognition and for synthesis, unless workers.asr and workers.tts say otherwise.",
    )
    memory_bytes: int = Field(
        default=0, ge=0, description="Bytes of memory of a replica, reserved in Ray; 0: none are."
    )
    gpus: float = Field(
        default=0,
        ge=0,
        description="GPUs of a replica, reserved in Ray; less than 1: several replicas share one.",
    )
    target_load: float = Field(
        default=0.7,
        gt=0,
        le=1,
        description="Share of their capacity that replicas are to use on average.",
    )

    @model_validator(mode="after")
    def _at_least_the_minimum(self) -> Self:
        if self.max_replicas < self.min_replicas:
            raise ValueError(
                f"max_replicas = {self.max_replicas} is less than min_replicas = "
                f"{self.min_replicas}"
            )
        return self

    @model_validator(mode="after")
    def _whole_gpus(self) -> Self:
        if self.gpus > 1 and self.gpus % 1:
            raise ValueError(
                f"gpus = {self.gpus:g}: Ray divides one GPU among replicas, but not several; name "
                "a number up to 1, or a whole one"
            )
        return self


class ClusterSettings(ReplicaSettings):
    """The replicas of `liusheng cluster serve`; `liusheng serve` does not use them.

    Those of recognition, and of synthesis too unless `tasks` says that it has its own.
    """

    tasks: Literal["together", "apart"] = Field(
        default="together",
        description="Whether each replica recognises and synthesises, or recognition and synthesis "
        "have replicas of their own, and scale apart: those of synthesis are then as in "
        "cluster.synthesis.",
    )
    synthesis: ReplicaSettings = ReplicaSettings()
    partial_seconds: float = Field(
        default=1.5,
        gt=0,
        description="Seconds between two partial results of each speaker at which a replica counts "
        "as full.",
    )
    lag_seconds: float = Field(
        default=2,
        gt=0,
        description="Seconds of audio that partial results do not cover yet, on average, from "
        "which on replicas are added.",
    )
    first_packet_seconds: float = Field(
        default=1,
        gt=0,
        description="Seconds until the first audio of a speech, on average, from which on replicas "
        "are added.",
    )
    upscale_seconds: float = Field(
        default=10,
        ge=0,
        description="Seconds for which more replicas must be needed before they are added.",
    )
    downscale_seconds: float = Field(
        default=300,
        ge=0,
        description="Seconds for which fewer replicas must be enough before any is removed.",
    )
    average_seconds: float = Field(
        default=30, ge=1, description="Seconds over which the load is averaged."
    )

    share_models: bool = Field(
        default=False,
        description="One machine downloads a model and puts it into Ray's object store; the others "
        "copy it from there.",
    )

    @model_validator(mode="after")
    def _synthesis_has_replicas(self) -> Self:
        if self.tasks == "together" and self.synthesis != ReplicaSettings():
            raise ValueError(
                'synthesis has settings of its own, but tasks = "together": synthesis has no '
                'replicas of its own then; set tasks = "apart", or remove cluster.synthesis'
            )
        return self
