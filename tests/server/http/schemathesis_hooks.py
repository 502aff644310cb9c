"""Hooks of schemathesis, for test_described_api.py."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.hook
def filter_case(_context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """Return whether to send a request.

    A form has nothing but texts and files. Other values in it are sent as texts, such as "null",
    which the description may allow where it does not allow the value.
    """
    if case.media_type != "multipart/form-data" or not isinstance(case.body, dict):
        return True
    values = case.body.values()
    each = (one for value in values for one in (value if isinstance(value, list) else [value]))
    return not any(one is None or isinstance(one, bool | int | float | list | dict) for one in each)
