"""The word list by characters: `readings.txt`, whose lines name a character and its reading."""

from __future__ import annotations

from importlib import resources

NEUTRAL = "5"
"""In the place of the character: the last syllable of the words is neutral."""


def load_readings() -> dict[str, dict[int, str]]:
    """Return, for each word of the list, the syllables that it settles, by their index.

    The syllable is `NEUTRAL` where only the tone is settled. A word may stand on several lines, for
    several of its characters.

    Raises:
        ValueError: a line names a character that a word of it lacks.
    """
    text = (resources.files(__package__) / "readings.txt").read_text(encoding="utf-8")
    found: dict[str, dict[int, str]] = {}
    for line in text.splitlines():
        key, *rest = line.partition("#")[0].split() or [""]
        if key == NEUTRAL:
            for word in rest:
                found.setdefault(word, {})[len(word) - 1] = NEUTRAL
        elif key:
            for word in rest[1:]:
                places = [at for at, char in enumerate(word) if char == key]
                if not places:
                    raise ValueError(f"readings.txt: {word} stands on a line of {key}.")
                found.setdefault(word, {}).update(dict.fromkeys(places, rest[0]))
    return found
