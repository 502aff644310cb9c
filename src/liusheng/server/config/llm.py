"""The settings of the language model that answers in conversations."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from liusheng.runtime.environment import LLM_KEY_VARIABLE
from liusheng.server.config.group import Group


def _address(text: str) -> str:
    if "@" in text or "?" in text:
        raise ValueError("must not have a user name, password or parameters; set llm.key_file")
    if text and not (text.startswith(("http://", "https://")) and _has_host(text)):
        raise ValueError(
            f'{text!r} is not the address of a chat API; write it as in "http://127.0.0.1:11434/v1"'
        )
    return text.rstrip("/")


def _has_host(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # no address, or no port
        return False


class LlmSettings(Group):
    """The language model of conversations (OpenAI's Realtime API)."""

    address: Annotated[str, AfterValidator(_address)] = Field(
        default="",
        description="Base address of an OpenAI-compatible chat API, to which /chat/completions is "
        'added: "http://127.0.0.1:11434/v1"; empty: there are no conversations.',
    )
    model: str = Field(default="", description="Name of the model, as that API knows it.")
    key_file: str = Field(
        default="",
        description="File with the key of that API, read for each conversation, so that the key "
        f"can be exchanged; empty: the environment variable {LLM_KEY_VARIABLE}, if it is set.",
    )
    system_prompt: str = Field(
        default="You are a voice assistant. What you write is spoken aloud: answer briefly, in "
        "whole sentences, in the language of the user, without lists or markup.",
        description="Instructions for the model, before those of the client.",
    )
    timeout_seconds: float = Field(
        default=30,
        gt=0,
        description="Seconds to the first part of an answer, and between two parts, after which "
        "the model counts as failed.",
    )
    max_history_chars: int = Field(
        default=20_000,
        ge=100,
        description="Characters of a conversation that are kept and sent to the model; the oldest "
        "items are dropped first.",
    )

    @model_validator(mode="after")
    def _whole(self) -> LlmSettings:
        if self.address and not self.model:
            raise ValueError("llm.address is set, but llm.model is not")
        return self
