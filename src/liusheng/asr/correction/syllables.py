"""Mandarin syllables as integers, and which of them sound similar."""

from __future__ import annotations

import re

_SYLLABLE = re.compile(r"([a-zêü]+)([1-5])")
_INITIAL = re.compile(r"zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]|")


class Syllables:
    """Numbers syllables as they are first used.

    A *toned* syllable ("shang4") includes its tone; a *plain* one ("shang") does not. A *sound* is
    a class of plain syllables that speakers and models confuse: zh, ch, sh are equal to z, c, s,
    and ang, eng, ing to an, en, in.
    """

    def __init__(self) -> None:
        self._plain: dict[str, int] = {}
        self._sounds: dict[str, int] = {}
        self._sound_of: list[int] = []
        self._parts: list[tuple[str, str]] = []

    def toned(self, syllable: str) -> int:
        """Return the number of a syllable written with its tone ("shang4", neutral is 5).

        Raises:
            ValueError: it is not written like that.
        """
        match = _SYLLABLE.fullmatch(syllable)
        if match is None:
            raise ValueError(f"{syllable!r} is not a syllable with its tone, such as shang4")
        plain = self._plain.setdefault(match[1], len(self._plain))
        if plain == len(self._sound_of):
            sound = _sound(match[1])
            self._sound_of.append(self._sounds.setdefault(sound, len(self._sounds)))
            initial = _INITIAL.match(match[1])
            cut = initial.end() if initial else 0
            self._parts.append((match[1][:cut], match[1][cut:]))
        return plain * 8 + int(match[2])

    def plain(self, toned: int) -> int:
        """Return the plain syllable of a toned one."""
        return toned // 8

    def sound(self, toned: int) -> int:
        """Return the sound of a toned syllable."""
        return self._sound_of[toned // 8]

    def near(self, one: int, other: int) -> bool:
        """Whether two toned syllables have the initial or the final in common."""
        (initial, final), (other_initial, other_final) = (
            self._parts[one // 8],
            self._parts[other // 8],
        )
        return final == other_final or (initial == other_initial != "")


def _sound(plain: str) -> str:
    if plain[:2] in ("zh", "ch", "sh"):
        plain = plain[0] + plain[2:]
    if plain.endswith("ng") and plain[-3:-2] in ("a", "e", "i"):
        plain = plain[:-1]
    return plain
