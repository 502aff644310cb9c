"""The settings of the end of the server, expected or not."""

from __future__ import annotations

from pydantic import Field

from liusheng.server.config.group import Group


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
