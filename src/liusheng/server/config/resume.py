"""The settings of recognitions that can be resumed."""

from __future__ import annotations

from pydantic import Field

from liusheng.runtime.environment import RESUME_SECRETS_VARIABLE
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
    secret_file: str = Field(
        default="",
        description="File with a secret that servers share, so that each resumes the recognitions "
        "of the others. One a line: the first is used, the others are still accepted. Empty: those "
        f"in the environment variable {RESUME_SECRETS_VARIABLE}, if it is set.",
    )
    token_seconds: float = Field(
        default=600,
        ge=60,
        description="Seconds after which a token that another server would accept expires; it is "
        "replaced after half of that.",
    )
