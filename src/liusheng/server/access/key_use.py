"""What clients have used of their keys: counted for a server, not for each of its applications."""

from __future__ import annotations

from dataclasses import dataclass, field

from liusheng.server.access.attempts import WrongKeys
from liusheng.server.access.key_limits import KeyLimits


@dataclass(frozen=True)
class KeyUse:
    """limits: sessions and requests of each key. wrong_keys: that addresses have presented.

    A reload makes a new application; sessions on the one before it count on, so that nobody gets
    past a limit by a reload.
    """

    limits: KeyLimits = field(default_factory=KeyLimits)
    wrong_keys: WrongKeys = field(default_factory=WrongKeys)
