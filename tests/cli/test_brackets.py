"""What is printed keeps its brackets: Rich takes none of it for markup."""

from __future__ import annotations

import ast
import io
from pathlib import Path

import pytest
from rich.progress import Progress, TextColumn

import liusheng.cli
from liusheng.bench.report import Report, Table
from liusheng.cli import _COMMANDS, doctor, main, models, top
from liusheng.cli.reports import print_report
from liusheng.cli.terminal import open_console
from liusheng.models.store import Store

CLI = Path(liusheng.cli.__file__).parent
TEXT = "pip install 'liusheng[mic]' [bold] :smile: [/x]"
Capture = pytest.CaptureFixture[str]


def test_one_function_makes_consoles() -> None:
    """All others would take brackets for markup unless they are told not to."""
    makers = []
    for path in CLI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Console":
                makers.append(path.name)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "TextColumn":
                assert "markup=False" in ast.unparse(node), path.name
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
                makers.append(path.name)
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            assert not name.endswith(("from_markup", "markup.render")), path.name
    assert makers == ["terminal.py"]


def test_the_console(capsys: Capture) -> None:
    open_console(soft_wrap=True).print(TEXT)
    assert capsys.readouterr().out == TEXT + "\n"


def test_a_report(capsys: Capture) -> None:
    table = Table(title=TEXT, columns=["[a]", "b"], rows=[["[red]x[/red]", "1"]])
    report = Report(
        title=TEXT, facts=[("server", "ws://[::1]:8090")], tables=[table], charts=[], data={}
    )
    print_report(report, None, json=False)
    out = capsys.readouterr().out
    assert " ".join(out.split()).count(TEXT) == 2, "in both titles"
    for text in ("[a]", "[red]x[/red]", "ws://[::1]:8090"):
        assert text in out


def test_the_doctor(capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "_version", lambda package: TEXT)
    monkeypatch.setattr(Store, "list", lambda self: [])  # only what the settings name
    monkeypatch.setenv("LIUSHENG_HOME", str(tmp_path / "[models]"))
    monkeypatch.setenv("LIUSHENG_ASR__MODELS", '["[missing]"]')
    monkeypatch.setenv("LIUSHENG_TTS__MODELS", "[]")
    assert main(["doctor"]) == 1
    captured = capsys.readouterr()
    assert captured.out.count(TEXT) == sum(map(len, doctor._PACKAGES.values()))
    assert "[models]" in captured.out
    assert "✗ [missing]" in captured.out
    assert "[missing]" in captured.err


def test_the_doctor_names_the_extra(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor._OPTIONAL, "no-such-package", "pip install 'liusheng[mic]'")
    assert doctor._version("no-such-package") == (
        "no-such-package not installed (only for --mic and --play: pip install 'liusheng[mic]')"
    )


def test_the_table_of_models(capsys: Capture, tmp_path: Path) -> None:
    models._print_table(Store(tmp_path / "[models]"))
    assert "[models]" in capsys.readouterr().out


def test_top(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    from liusheng.cli.server_address import open_client

    server = top.ObservedServer("[::1] [bold]", open_client("ws://[::1]:1", None, None))
    open_console().print(top.frame([server], {server: TEXT}))
    out = " ".join(capsys.readouterr().out.split())
    assert "[::1] [bold]" in out
    assert TEXT in out


def test_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    console = open_console()
    console.file = io.StringIO()
    with Progress(TextColumn("{task.description}", markup=False), console=console) as progress:
        progress.add_task(TEXT)
    assert TEXT in console.file.getvalue()


@pytest.mark.parametrize("command", _COMMANDS)
def test_errors(command: str, capsys: Capture) -> None:
    required = {
        "eval": ["--manifest", "x"],
        "plan": ["--speakers", "1", "--model", "x"],
    }
    needed = required.get(command, [])
    assert main([command, *needed, "--no-such[mic]"]) == 2
    captured = capsys.readouterr()
    assert "--no-such[mic]" in captured.err + captured.out


def test_help(capsys: Capture) -> None:
    for command in ("asr", "tts"):
        assert main([command, "--help"]) == 0
        assert "'liusheng[mic]'" in capsys.readouterr().out
