"""Exit statuses, and the conventions of the command line."""

from __future__ import annotations

FAILED = 1
"""Exit status when the command failed; a message on standard error says why."""

USAGE = 2
"""Exit status when the command line or a setting is not valid."""

INTERRUPTED = 130
"""Exit status after Ctrl-C, as of shells."""

STANDARD_INPUT = "/dev/stdin"
"""What the argument "-" is replaced by."""
