from __future__ import annotations

import subprocess
import sys

import pytest

from liusheng import __version__
from liusheng.cli import _COMMANDS, main
from liusheng.cli.constants import INTERRUPTED, USAGE


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == main(["--help"]) == 0
    out = capsys.readouterr().out
    for command in _COMMANDS:
        assert f" {command} " in out


@pytest.mark.parametrize("command", _COMMANDS)
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"Usage: liusheng {command}" in capsys.readouterr().out


def test_help_imports_little() -> None:
    """The list of commands is printed without importing what the commands need."""
    code = (
        "import sys\nfrom liusheng.cli import main\nmain(['--help'])\n"
        "print(sorted({'numpy', 'av', 'websockets', 'pydantic'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["serv"], "there is no command serv; did you mean serve?"),
        (["status"], "there is no command status: there are serve, asr, "),
        (["zzz"], "there is no command zzz: there are serve, asr, transcribe, tts, "),
        (["serve", "--prot", "1"], "Did you mean --port?"),
        (["serve", "--port", "x"], 'unable to convert "x" into int'),
        (["asr"], "name one or more files, or use --mic"),
        (["asr", "a.wav", "--mic"], "name one or more files, or use --mic"),
        (["asr", "a.wav", "--server", "ftp://x"], "'ftp://x' is not the address of a server"),
        (["tts", "hello"], "name where the speech goes"),
        (["tts", "hello", "-o", "a.txt"], "a.txt: the name says no format; end it with .wav, .mp3"),
        (["tts", "hello", "--play", "--format", "mp3"], "--format is that of a file"),
        (["transcribe"], "name files or folders"),
        (["transcribe", "-"], "for standard input use `liusheng asr -`"),
        (["transcribe", "a.wav", "-j", "0"], "-j 0: it must be at least 1"),
        (["transcribe", "a.wav", "--server", "ftp://x"], "is not the address of a server"),
        (["transcribe", "a.wav", "--format", "doc"], "doc"),
        (["voices", "--sample", "heart"], "a sample needs a voice and a file"),
        (["voices", "-o", "a.wav"], "a sample needs a voice and a file"),
        (["voices", "--sample", "a", "-o", "a.wav", "--play", "b"], "different voices"),
        (["voices", "--server", "ws://"], "is not the address of a server"),
        (["tts", "hello", "-o", "a.wav", "--server", "ws://"], "is not the address of a server"),
        (["tts", "hello", "-o", "a.wav", "--speed", "fast"], 'unable to convert "fast"'),
    ],
)
def test_wrong_command_lines(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == USAGE
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("command", ["serve", "doctor"])
@pytest.mark.slow
def test_without_the_servers_packages(command: str) -> None:
    """A client-only installation says what is missing for the rest."""
    code = (
        "import sys\nsys.modules['pydantic_settings'] = None\n"
        f"from liusheng.cli import main\nsys.exit(main(['{command}']))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert f"`liusheng {command}` needs the package pydantic_settings" in result.stderr
    assert "pip install '.[server]'" in result.stderr


def test_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    from liusheng.cli import asr

    def interrupt(client: object, output: object, *rest: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(asr, "_recognize_files", interrupt)
    assert main(["asr", "a.wav"]) == INTERRUPTED
