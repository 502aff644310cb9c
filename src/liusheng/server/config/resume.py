"""The settings of recognitions that can be resumed."""

from __future__ import annotations

from pydantic import Field

from liusheng.server.config.group import Group


class ResumeSettings(Group):
    """Recognitions whose connections broke, kept for their clients to resume."""

    seconds: float = Field(
        default=30, ge=0, description="Seconds for which a recognition is kept; 0: none is."
    )
    max_sessions: int = Field(default=64, ge=1, description="Recognitions kept at the same time.")
    max_bytes: int = Field(
        default=64 << 20, ge=0, description="Bytes of their audio in memory, together."
    )
