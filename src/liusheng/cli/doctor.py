"""`liusheng doctor`: what is here, and how well does it do?"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape

from liusheng import __version__
from liusheng.cli.probe import open_model
from liusheng.cli.terminal import error
from liusheng.models import ModelError, Store
from liusheng.models.types import InstalledModel, Kind, Task
from liusheng.server.config.sources import SettingsError, load
from liusheng.server.cores import usable_cores
from liusheng.server.models import correction_model

_PACKAGES = {
    "engines": ("ctranslate2", "sherpa-onnx", "onnxruntime", "faster-whisper", "hibari-tts"),
    "audio": ("av", "soxr", "sounddevice"),
    "server": ("uvicorn", "uvloop", "starlette", "websockets"),
}
_OPTIONAL = {"sounddevice": "only for --mic and --play: pip install 'liusheng[mic]'"}


def doctor(
    *,
    config: Annotated[
        Path | None, Parameter(help="Settings file, as for `liusheng serve`.")
    ] = None,
    timeout: Annotated[float, Parameter(help="Seconds that each model may take.")] = 300,
) -> int:
    """Check this installation: what is installed, which models are there, whether they load, and
    how fast this machine is.

    Each model that is there, and each that the settings name, is loaded and timed in a process of
    its own. A real-time factor of 0.1 is a second of work for ten seconds of speech, on one core.
    The exit status is 0 if everything that the settings name works.
    """
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]Liusheng {__version__}[/]")
    for name, value in _machine():
        console.print(f"  {name:<10}{value}")
    for group, packages in _PACKAGES.items():
        console.print(f"  {group:<10}{', '.join(_version(package) for package in packages)}")
    try:
        settings = load(config=config).settings
    except SettingsError as problem:
        for line in str(problem).splitlines():
            error(line)
        return 2
    store = Store(settings.home)
    console.print(f"  {'models':<10}{store.home}\n")
    wanted = [*settings.tts.models, *settings.asr.models, *settings.asr.helpers]
    others = [
        status.model.name
        for status in store.list()
        if status.installed and status.model.name not in wanted and status.model.task is not Task.LM
    ]
    good = _check_models(console, settings.home, [*wanted, *others], timeout)
    if any(model.kind is Kind.WHISPER for model in good):
        _check_correction(console, settings.asr.correction.model, store)
    names = {model.name for model in good}
    missing = [name for name in wanted if name not in names]
    if missing:
        error(f"the server cannot start with these models: {', '.join(missing)}")
    return 1 if missing else 0


def _machine() -> Iterator[tuple[str, str]]:
    yield "python", f"{platform.python_version()} ({sys.executable})"
    yield "system", f"{platform.platform()}, {platform.machine()}"
    yield "cores", f"{usable_cores()} usable of {os.cpu_count()}"


def _version(package: str) -> str:
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{package} not installed" + (
            f" ({_OPTIONAL[package]})" if package in _OPTIONAL else ""
        )


def _check_correction(console: Console, name: str, store: Store) -> None:
    """Say whether what recognition hears of Mandarin is corrected."""
    try:
        trouble = correction_model(name, store)[1] if name else ""
    except (ModelError, ValueError) as problem:
        trouble = str(problem)
    if trouble:
        console.print(f"[yellow]![/] {escape(trouble)}")


def _check_models(
    console: Console, home: Path, names: Sequence[str], timeout: float
) -> list[InstalledModel]:
    """Load and time each model, and say how it went; return those that work.

    Voices come first: recognition hears what they said.
    """
    good: list[InstalledModel] = []

    def bad(name: str, problem: str) -> None:
        console.print(f"[red]✗[/] [bold]{escape(name)}[/]\n    {escape(problem)}")

    opened: list[InstalledModel] = []
    for name in names:
        try:
            opened.append(open_model(name, home))
        except ModelError as problem:
            bad(name, str(problem))
    opened.sort(key=lambda model: model.task is Task.ASR)
    spoken: dict[str, Path] = {}  # a recording for each language
    with tempfile.TemporaryDirectory() as folder:
        for number, model in enumerate(opened):
            languages = model.languages or tuple(spoken)  # a user's folder may not say
            lang = next((each for each in languages if each in spoken), "")
            wav = spoken.get(lang)
            if model.task is Task.TTS:
                wav = Path(folder) / f"{number}.wav"
            with console.status(f"{model.name} ..."):
                result = _probe(model.name, home, wav, lang, timeout)
            if isinstance(result, str):
                bad(model.name, result)
                continue
            good.append(model)
            if model.task is Task.TTS and wav is not None:
                spoken.setdefault(result["lang"], wav)
            console.print(f"[green]✓[/] [bold]{escape(model.name)}[/]  {_in_words(result)}")
    return good


def _in_words(result: dict[str, Any]) -> str:
    """Return what a probe found, for a person."""
    words = f"loads in {result['load_seconds']:.1f} s"
    if "real_time_factor" not in result:
        return f"{words}\n    wrote: {escape(result['text'])}"
    if result["real_time_factor"] is None:
        return f"{words}; there is no voice in its language to try it with"
    first = result.get("first_seconds")
    if first:
        words += f", first audio after {first * 1_000:.0f} ms"
    verb = "said" if first else "heard"
    words += f", real-time factor {result['real_time_factor']:.3f}"
    return f"{words}\n    {verb}: {escape(result['text']) or 'nothing'}"


def _probe(
    name: str, home: Path, wav: Path | None, lang: str, timeout: float
) -> dict[str, Any] | str:
    """Run a probe in a process of its own; return what it found, or what went wrong."""
    command = [sys.executable, "-m", "liusheng.cli.probe", name, str(home), str(wav or ""), lang]
    # One thread, as each of the server's workers has: the figures are of one core.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return f"did not finish in {timeout:g} s"
    if done.returncode < 0:
        return f"crashed ({signal.Signals(-done.returncode).name})"
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        return said[-1]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
