"""What a service raises."""

from __future__ import annotations


class BusyError(Exception):
    """There is no room for another session; the message says what is full."""
