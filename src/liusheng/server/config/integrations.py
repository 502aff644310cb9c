"""The settings of the interfaces that other products' clients speak."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from liusheng.protocol import paths
from liusheng.server.config.access import Networks
from liusheng.server.config.group import Group


class DeepgramSettings(Group):
    """Deepgram's interface."""

    enabled: bool = Field(
        default=True,
        description=f"Serve Deepgram's recognition, live and of files, at {paths.LISTEN}.",
    )


class TwilioSettings(Group):
    """Twilio's Media Streams."""

    enabled: bool = Field(
        default=False,
        description="Serve recognition and synthesis of calls in the messages of Twilio's Media "
        f"Streams at {paths.MEDIA_STREAMS}.",
    )


class WyomingSettings(Group):
    """The Wyoming protocol, which Home Assistant speaks. It has no keys and no TLS."""

    port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        default=0, description="TCP port of the Wyoming protocol, usually 10300; 0: none."
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on for it.")
    clients: Networks = Field(
        default=[],
        description="Addresses and networks that may use it, besides this machine: "
        '"192.168.1.0/24".',
    )
