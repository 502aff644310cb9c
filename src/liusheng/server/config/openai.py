"""The settings of OpenAI's API."""

from __future__ import annotations

from pydantic import Field

from liusheng.server.config.group import Group


class OpenAISettings(Group):
    """OpenAI's API."""

    any_name: bool = Field(
        default=False,
        description="Take any unknown name of a model or voice for the default one, as the names "
        "of OpenAI's are taken; otherwise it is an error that lists those in use.",
    )
