"""Functions that fail and quote what nobody else may read."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

SECRET = "杏花微雨时节"


def quote() -> NoReturn:
    raise KeyError(SECRET)


def quote_with_a_cause() -> NoReturn:
    try:
        quote()
    except KeyError as error:
        raise ValueError(SECRET) from error


def quote_again() -> NoReturn:
    try:
        quote()
    except KeyError:
        raise LookupError(SECRET)  # noqa: B904


def caught(function: Callable[[], object]) -> Exception:
    """Return what a function raises."""
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError("it did not fail")
