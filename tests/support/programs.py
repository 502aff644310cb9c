"""Programs that some tests run, and that not every machine has."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import playwright
import pytest

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")


def node() -> str | None:
    """Return a Node.js that runs: Playwright's own, or another; None: there is none."""
    own = Path(playwright.__file__).parent / "driver"
    for found in (shutil.which("node", path=own), shutil.which("node")):
        # On a small system, shared libraries that Playwright's needs may be missing.
        if found and not subprocess.run([found, "-v"], check=False, capture_output=True).returncode:
            return found
    return None
