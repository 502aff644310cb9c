"""A large dictionary of strings in one block of memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import accumulate
from zlib import crc32

_KEY, _VALUE = b"\xff", b"\xfe"
"""What stands before a key and before its value: no byte of UTF-8."""


class PackedStrings:
    """Strings by string, for reading only.

    A `dict` spends a hundred bytes and more on an entry besides its characters, in objects whose
    count of references is written when they are read, so that forks soon share them no more. Here
    an entry takes its characters and six to ten bytes, and nothing is written.

    Entries stand in buckets by the checksum of their key, bucket after bucket in the same text.

    Args:
        entries: keys, each once, and their values. Best is an iterator that reads them when it is
            asked: then what lasts is allocated before, and not among what is freed at once, whose
            memory Python would keep around it.
    """

    __slots__ = ("_ends", "_text")

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        self._ends = array("I")
        keyed = [(_sought(key), value) for key, value in entries]
        buckets = [b""] * (1 << max(0, len(keyed).bit_length() - 1))
        last = len(buckets) - 1
        for key, value in keyed:
            buckets[crc32(key) & last] += key + value.encode("utf-8", "surrogatepass")
        self._ends.extend(accumulate(map(len, buckets), initial=0))
        self._text = b"".join(buckets) + _KEY

    def __len__(self) -> int:
        return self._text.count(_VALUE)

    def __contains__(self, key: str) -> bool:
        return self._place(_sought(key)) >= 0

    def get(self, key: str) -> str | None:
        """The value of a key; None if there is none."""
        sought = _sought(key)
        at = self._place(sought)
        if at < 0:
            return None
        at += len(sought)
        return self._text[at : self._text.index(_KEY, at)].decode("utf-8", "surrogatepass")

    def _place(self, sought: bytes) -> int:
        """Where an entry begins; below 0 if there is none."""
        bucket = crc32(sought) & (len(self._ends) - 2)
        return self._text.find(sought, self._ends[bucket], self._ends[bucket + 1])


def _sought(key: str) -> bytes:
    return b"%b%b%b" % (_KEY, key.encode("utf-8", "surrogatepass"), _VALUE)
