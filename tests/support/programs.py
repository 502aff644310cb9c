"""Programs that some tests run, and that not every machine has."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import playwright
import pytest

import liusheng

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")


def node() -> str | None:
    """Return a Node.js that runs: Playwright's own, or another; None: there is none."""
    own = Path(playwright.__file__).parent / "driver"
    for found in (shutil.which("node", path=own), shutil.which("node")):
        # On a small system, shared libraries that Playwright's needs may be missing.
        if found and not subprocess.run([found, "-v"], check=False, capture_output=True).returncode:
            return found
    return None


def run_in_javascript(folder: Path, script: str) -> Any:
    """Run a script beside a copy of the JavaScript client's modules; return the JSON it prints."""
    program = node()
    if program is None:
        pytest.skip("no Node.js that runs, neither Playwright's nor another")
    modules = Path(liusheng.__file__).parent / "web/liusheng"
    shutil.copytree(modules, folder, dirs_exist_ok=True)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "run.js").write_text(script, encoding="utf-8")
    done = subprocess.run(
        [program, folder / "run.js"], check=True, capture_output=True, encoding="utf-8", timeout=60
    )
    return json.loads(done.stdout)
