"""The header that says which fields of a request were ignored, and why."""

from __future__ import annotations

from collections.abc import Mapping

IGNORED_HEADER = "X-Liusheng-Ignored"
HEADERS = {
    IGNORED_HEADER: "Fields of the request without effect, and why: "
    "`temperature, prompt (no list of terms)`."
}
"""Of responses, with their description."""


def ignored_header(ignored: Mapping[str, str]) -> dict[str, str]:
    """Return the header for these fields, or none.

    ignored: why each was, in ASCII; "": this server has nothing like it.
    """
    listed = [f"{field} ({why})" if why else field for field, why in ignored.items()]
    return {IGNORED_HEADER: ", ".join(listed)} if listed else {}
