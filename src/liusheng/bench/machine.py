"""The circumstances of a measurement: machine, versions, command, date."""

from __future__ import annotations

import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from liusheng import __version__
from liusheng.server.cores import usable_cores

_ENGINES = ("ctranslate2", "onnxruntime", "sherpa-onnx", "hibari-tts")


def facts(arguments: Sequence[str] | None = None) -> list[tuple[str, str]]:
    """Names and values of the circumstances of a measurement, for its report.

    arguments: the command line without the program's name; None: that of this process.
    """
    command = ["liusheng", *(sys.argv[1:] if arguments is None else arguments)]
    values = [
        ("date", datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")),
        ("command", shlex.join(command)),
        ("machine", f"{_processor()}, {usable_cores()} usable cores"),
        ("system", f"{platform.system()} {platform.release()}, Python {platform.python_version()}"),
        ("packages", ", ".join([f"liusheng {__version__}", *_engines()])),
    ]
    if hasattr(os, "getloadavg"):
        values.append(("load before", f"{os.getloadavg()[0]:.1f} (mean of the last minute)"))
    return values


def _engines() -> list[str]:
    found = []
    for name in _ENGINES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
        if found:
            return found[1]
    except OSError:  # not Linux
        pass
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        name = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        if name:
            return name
    return platform.processor() or platform.machine()
