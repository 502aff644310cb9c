"""Sentences drawn from a grammar of templates.

A file of parts: `[name]`, then a line for each way to say it; empty lines and those after # are
left out. `{a|b}` is one of its choices, which may hold braces again. A choice that is the name of a
part stands for that part. Choices made up on the spot:

    int LOW HIGH    a number in digits
    two LOW HIGH    the same in two digits at least
    decimal         a number with one or two decimals
    phone           a mobile number or one with hyphens
    letter          A to Z
"""

from __future__ import annotations

import random
import re
from pathlib import Path

_NUMBER = re.compile(r"(int|two) (\d+) (\d+)")


class Grammar:
    """A file of templates.

    Raises:
        ValueError: it names a part that it has not.
    """

    def __init__(self, path: Path) -> None:
        self._parts: dict[str, list[str]] = {}
        name = ""
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("[") and line.endswith("]"):
                name = line[1:-1]
                self._parts[name] = []
            elif line.strip() and not line.startswith("#"):
                self._parts[name].append(line)

    def sentence(self, rng: random.Random, part: str = "sentence") -> str:
        """One way to say a part."""
        return self._said(rng.choice(self._parts[part]), rng)

    def _said(self, template: str, rng: random.Random) -> str:
        said = []
        at = 0
        while at < len(template):
            if template[at] != "{":
                said.append(template[at])
                at += 1
                continue
            end = _closing(template, at)
            said.append(self._chosen(template[at + 1 : end], rng))
            at = end + 1
        return "".join(said)

    def _chosen(self, choices: str, rng: random.Random) -> str:
        choice = rng.choice(_split(choices))
        if choice in self._parts:
            return self.sentence(rng, choice)
        number = _NUMBER.fullmatch(choice)
        if number is not None:
            value = rng.randint(int(number[2]), int(number[3]))
            return f"{value:02d}" if number[1] == "two" else str(value)
        if choice == "decimal":
            return f"{rng.uniform(0, 10 ** rng.randint(1, 3)):.{rng.randint(1, 2)}f}"
        if choice == "letter":
            return chr(rng.randrange(ord("A"), ord("Z") + 1))
        if choice == "phone":
            return _phone(rng)
        return self._said(choice, rng) if "{" in choice else choice


def _closing(template: str, at: int) -> int:
    """Where the brace opened at `at` is closed."""
    depth = 0
    for place in range(at, len(template)):
        depth += {"{": 1, "}": -1}.get(template[place], 0)
        if depth == 0:
            return place
    raise ValueError(f"a brace of {template!r} is not closed")


def _split(choices: str) -> list[str]:
    """What bars outside of braces part."""
    found, depth = [""], 0
    for each in choices:
        depth += {"{": 1, "}": -1}.get(each, 0)
        if each == "|" and depth == 0:
            found.append("")
        else:
            found[-1] += each
    return found


def _phone(rng: random.Random) -> str:
    def digits(count: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(count))

    if rng.random() < 0.5:
        return f"1{rng.choice('3578')}{digits(9)}"
    return f"{digits(3)}-{digits(4)}-{digits(4)}" if rng.random() < 0.5 else digits(8)
