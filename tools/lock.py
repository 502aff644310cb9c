"""Resolve the dependencies into lock files, and check that every platform has wheels for them.

Run by `make lock`; arguments go to `uv pip compile` (`--upgrade`, `--upgrade-package NAME`, ...).
It writes requirements/*.txt for all platforms, and training/*/requirements.txt for the one platform
that training runs on. The platforms are named twice on purpose: in pyproject.toml for the resolver,
and here for the check, which names machines, C libraries and Pythons exactly.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV_FOLDER = ROOT / ".cache" / "uv"
UV = UV_FOLDER / "bin" / "uv"
# dev.txt comes first and server.txt keeps to its versions, so that the one adds to the other.
LOCKS = {
    "requirements/dev.txt": [
        *("--extra=server", "--extra=mic", "--extra=otel", "--extra=cluster"),
        *("--group=install", "--group=dev"),
    ],
    "requirements/server.txt": [
        "--extra=server",
        "--group=install",
        "--constraints=requirements/dev.txt",
    ],
}
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
PLATFORMS = {
    "x86_64-manylinux_2_28": PYTHONS,
    "aarch64-manylinux_2_28": PYTHONS,
    "aarch64-apple-darwin": PYTHONS,
    "x86_64-apple-darwin": PYTHONS[:-1],
}
OLDEST_MACOS = "14.0"
UNIVERSAL = ["--universal", f"--python-version={PYTHONS[0]}", "--only-binary=:all:"]
# The packages of the server keep to dev.txt. jieba is published as source only.
TRAINING = [
    *("--extra=server", "--group=install", "--constraints=requirements/dev.txt"),
    *("--python-platform=x86_64-manylinux_2_28", "--python-version=3.11"),
    *("--only-binary=:all:", "--no-binary=jieba"),
]


def main(options: list[str]) -> int:
    fetch_uv()
    for lock, selection in LOCKS.items():
        compile_lock(lock, [*UNIVERSAL, *selection, *options])
    for source in sorted(ROOT.glob("training/*/requirements.in")):
        target = source.with_suffix(".txt").relative_to(ROOT)
        compile_lock(str(target), [str(source.relative_to(ROOT)), *TRAINING, *options])
    missing = 0
    for lock in LOCKS:
        for platform, versions in PLATFORMS.items():
            for version in versions:
                if problem := why_not_installable(lock, platform, version):
                    print(f"{lock} on {platform}, Python {version}:\n{problem}", file=sys.stderr)
                    missing += 1
    if not missing:
        print("Every platform has a wheel of every package.")
    return min(missing, 1)


def fetch_uv() -> None:
    """Fetch uv into .cache: only this script needs it."""
    if not UV.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", f"--target={UV_FOLDER}"]
        subprocess.run([*pip, "uv>=0.8"], check=True)


def compile_lock(lock: str, arguments: list[str]) -> None:
    print(f"resolving {lock}")
    subprocess.run(
        [
            *(str(UV), "pip", "compile", "pyproject.toml", *arguments, f"--output-file={lock}"),
            *("--quiet", "--generate-hashes", "--custom-compile-command=make lock"),
        ],
        cwd=ROOT,
        check=True,
    )


def why_not_installable(lock: str, platform: str, version: str) -> str:
    """Return the resolver's reason why `lock` cannot be installed there; "" if it can."""
    with tempfile.TemporaryDirectory() as target:
        result = subprocess.run(
            [
                *(UV, "pip", "install", "--dry-run", "--quiet", f"--target={target}"),
                *("--require-hashes", "--only-binary=:all:", f"--requirements={lock}"),
                *(f"--python-platform={platform}", f"--python-version={version}"),
            ],
            cwd=ROOT,
            env={**os.environ, "MACOSX_DEPLOYMENT_TARGET": OLDEST_MACOS, "UV_NO_CONFIG": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    return result.stderr if result.returncode else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
