"""The settings of the dialects of the protocol."""

from __future__ import annotations

from pydantic import Field

from liusheng.protocol import paths
from liusheng.server.config.group import Group


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
