from __future__ import annotations

import random

import pytest

from liusheng.server.secret_strength import LEAST_BITS, chance_bits, check_strength


@pytest.mark.parametrize(
    "secret",
    [
        "a" * 32,
        "A" * 43 + "=",
        "ab" * 16,
        "a" * 16 + "b" * 16,
        "0123456789abcdef" * 2,
        "abcdefghijklmnopqrstuvwxyz012345",
        "zyxwvutsrqponmlkjihgfedcba987654",
        "qwertyuiopasdfghjklzxcvbnm123456",
        "password" * 4,
        "secret-secret-secret-secret-1234",
        "ls_" + "x" * 43,
    ],
)
def test_what_repeats_or_is_in_order_can_be_guessed(secret: str) -> None:
    with pytest.raises(ValueError, match="is too easy to guess") as caught:
        check_strength(secret)
    assert secret not in str(caught.value)


@pytest.mark.parametrize(
    "characters", ["0123456789", "0123456789abcdef", "abcdefghijklmnopqrstuvwxyz234567"]
)
def test_random_secrets_are_taken(characters: str) -> None:
    chance = random.Random(1)
    for _ in range(200):
        check_strength("".join(chance.choices(characters, k=32)))


def test_nothing_has_no_chance() -> None:
    assert chance_bits("") == chance_bits("a") == 0 < LEAST_BITS
