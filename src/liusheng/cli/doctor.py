"""`liusheng doctor`: checks the packages, models and speed of an installation."""

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
from rich.text import Text

from liusheng import __version__
from liusheng.asr.models import correction_warning
from liusheng.cli.constants import FAILED, USAGE
from liusheng.cli.model_check import open_model
from liusheng.cli.terminal import error, open_console
from liusheng.cli.translation import translate as tr
from liusheng.cli.translation import translated
from liusheng.models.errors import ModelError
from liusheng.models.store import Store
from liusheng.models.types import InstalledModel, Task
from liusheng.server.config.sources import SettingsError, load
from liusheng.server.cores import usable_cores

_PACKAGES = {
    "engines": ("ctranslate2", "sherpa-onnx", "onnxruntime", "faster-whisper", "hibari-tts"),
    "audio": ("av", "soxr", "miniaudio"),
    "server": ("uvicorn", "uvloop", "starlette", "websockets"),
}
_OPTIONAL = {"miniaudio": "pip install 'liusheng[mic]'"}


@translated
def doctor(
    *,
    config: Annotated[
        Path | None, Parameter(help=tr("Settings file, as for `liusheng serve`."))
    ] = None,
    timeout: Annotated[
        float, Parameter(help=tr("Seconds after which the check of a model fails."))
    ] = 300,
) -> int:
    """Check this installation: packages, models, and the speed of this machine.

    Each installed model, and each model of the settings, is loaded and timed in a process of its
    own. A real-time factor of 0.1 means one second of work on one core for ten seconds of speech.
    The exit status is 0 if all models of the settings work.
    """
    console = open_console(soft_wrap=True)
    console.print(f"Liusheng {__version__}", style="bold")
    for name, value in _machine():
        console.print(f"  {name:<10}{value}")
    for group, packages in _PACKAGES.items():
        versions = ", ".join(_version(package) for package in packages)
        console.print(f"  {group:<10}{versions}")
    try:
        settings = load(config=config).settings
    except SettingsError as problem:
        for line in str(problem).splitlines():
            error(line)
        return USAGE
    store = Store(settings.home)
    console.print(f"  {'models':<10}{store.home}\n")
    configured = [*settings.tts.models, *settings.asr.models, *settings.asr.helpers]
    others = [
        status.model.name
        for status in store.list()
        if status.installed
        and status.model.name not in configured
        and status.model.task is not Task.LM
    ]
    working = _check_models(console, settings.home, [*configured, *others], timeout)
    _check_correction(console, settings.asr.correction.model, store, working)
    names = {model.name for model in working}
    missing = [name for name in configured if name not in names]
    if missing:
        names_missing = ", ".join(missing)
        error(tr("the server cannot start: these models do not work: {names}", names=names_missing))
    return FAILED if missing else 0


def _machine() -> Iterator[tuple[str, str]]:
    yield "python", f"{platform.python_version()} ({sys.executable})"
    yield "system", f"{platform.platform()}, {platform.machine()}"
    yield "cores", tr("{usable} usable of {count}", usable=usable_cores(), count=os.cpu_count())


def _version(package: str) -> str:
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        if package in _OPTIONAL:
            command = _OPTIONAL[package]
            return tr(
                "{package} not installed (only for --mic and --play: {command})",
                package=package,
                command=command,
            )
        return tr("{package} not installed", package=package)


def _check_correction(
    console: Console, name: str, store: Store, models: Sequence[InstalledModel]
) -> None:
    """Warn if Mandarin is to be corrected and cannot be."""
    try:
        warning = correction_warning(store.open_named, name, models)
    except (ModelError, ValueError) as problem:
        warning = str(problem)
    if warning:
        console.print(Text.assemble(("!", "yellow"), f" {warning}"))


def _check_models(
    console: Console, home: Path, names: Sequence[str], timeout: float
) -> list[InstalledModel]:
    """Check each model and print the result; return those that work.

    Synthesis comes first: recognition transcribes its audio.
    """
    working: list[InstalledModel] = []

    def failed(name: str, problem: str) -> None:
        console.print(Text.assemble(("✗", "red"), " ", (name, "bold"), f"\n    {problem}"))

    opened: list[InstalledModel] = []
    for name in names:
        try:
            opened.append(open_model(name, home))
        except ModelError as problem:
            failed(name, str(problem))
    opened.sort(key=lambda model: model.task is Task.ASR)
    speech: dict[str, Path] = {}  # synthesised, by language
    voices: dict[str, str] = {}  # that synthesised it
    with tempfile.TemporaryDirectory() as folder:
        for number, model in enumerate(opened):
            languages = model.languages or tuple(speech)  # the user's folder may not name any
            lang = next((each for each in languages if each in speech), "")
            wav = speech.get(lang)
            if model.task is Task.TTS:
                wav = Path(folder) / f"{number}.wav"
            with console.status(Text(tr("checking {name} ...", name=model.name))):
                if (sentence := model.options.get("sentence")) and wav:
                    # It knows few words: those of any other sentence are none of them.
                    wav = Path(folder) / f"{number}.wav"
                    _check_model(voices[lang], home, wav, lang, timeout, sentence)
                result = _check_model(model.name, home, wav, lang, timeout)
            if isinstance(result, str):
                failed(model.name, result)
                continue
            working.append(model)
            if model.task is Task.TTS and wav is not None:
                speech.setdefault(result["lang"], wav)
                voices.setdefault(result["lang"], model.name)
            name_and_result = (model.name, "bold"), f"  {_describe(result)}"
            console.print(Text.assemble(("✓", "green"), " ", *name_and_result))
    return working


def _describe(result: dict[str, Any]) -> str:
    """The result of a check as text."""
    text = tr("loads in {seconds:.1f} s", seconds=result["load_seconds"])
    if "real_time_factor" not in result:
        return f"{text}\n    {tr('punctuated: {text}', text=result['text'])}"
    factor = result["real_time_factor"]
    if factor is None:
        return text + tr("; not timed: there is no voice in its language")
    first = result.get("first_seconds")
    if first:
        text += tr(", first audio after {first:.0f} ms", first=first * 1_000)
    text += tr(", real-time factor {factor:.3f}", factor=factor)
    said = result["text"] or tr("(empty)")
    if first:
        return f"{text}\n    {tr('synthesised: {text}', text=said)}"
    return f"{text}\n    {tr('transcript: {text}', text=said)}"


def _check_model(
    name: str, home: Path, wav: Path | None, lang: str, timeout: float, sentence: str = ""
) -> dict[str, Any] | str:
    """Check a model in a process of its own; return the result, or the error as text.

    sentence: to synthesise; "": one for all.
    """
    command = [
        sys.executable,
        "-m",
        "liusheng.cli.model_check",
        name,
        str(home),
        str(wav or ""),
        lang,
        sentence,
    ]
    # One thread, as the server's workers have: the figures are those of one core.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return tr("did not finish in {seconds:g} s", seconds=timeout)
    if done.returncode < 0:
        return tr("crashed ({signal})", signal=signal.Signals(-done.returncode).name)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [
            tr("exit status {status}", status=done.returncode)
        ]
        return lines[-1]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
