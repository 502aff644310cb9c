"""Chinese where the locale is; complete, and kept in step with the code."""

from __future__ import annotations

import ast
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import liusheng.cli
from liusheng.cli import _COMMANDS, main
from liusheng.cli.translation import catalogue, is_chinese, parts_of_help, translate

CLI = Path(liusheng.cli.__file__).parent
HAN = re.compile("[\u4e00-\u9fff]")
FOR_DEVELOPERS = {"bench.py", "eval.py", "measured_server.py", "reports.py", "soak.py"}
"""Commands that measure, which are English."""


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(CLI.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def called(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id
    return ""


def english() -> set[str]:
    """What the code asks to be translated."""
    texts = {summary for _, summary in _COMMANDS.values()}
    for path, module in modules():
        for node in ast.walk(module):
            if called(node) in ("tr", "translate") and path.name != "translation.py":
                assert isinstance(node, ast.Call)
                (text,) = node.args
                if isinstance(text, ast.Constant):
                    texts.add(str(text.value))
                else:
                    assert ast.unparse(text) == "summary", f"{path.name}: no literal: {text}"
            if isinstance(node, ast.FunctionDef) and "translated" in map(
                ast.unparse, node.decorator_list
            ):
                head, parameters = parts_of_help(ast.get_docstring(node) or "")
                texts.update(head, parameters.values())
    return texts


def test_every_text_has_its_chinese_and_no_other_has() -> None:
    assert set(catalogue()) == english()


def test_translations_keep_values_and_options() -> None:
    for texts in catalogue().items():
        assert HAN.search(texts[1]), texts
        if "{" in texts[0]:
            values = [
                {name for _, name, *_ in string.Formatter().parse(each) if name} for each in texts
            ]
            assert values[0] == values[1], texts
        options = [sorted(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", each)) for each in texts]
        assert options[0] == options[1], texts
        assert texts[0][-1:].isspace() == texts[1][-1:].isspace(), "a prompt ends with its space"


def test_messages_go_through_the_catalogue() -> None:
    """No message of a command is a literal that stays English."""
    found = []
    for path, module in modules():
        for node in ast.walk(module):
            if path.name in FOR_DEVELOPERS or not isinstance(node, ast.Call):
                continue
            helps = [each.value for each in node.keywords if each.arg == "help"]
            literals = (
                [*node.args, *helps] if called(node) in ("error", "info", "warning") else helps
            )
            for text in literals:
                words = text.values if isinstance(text, ast.JoinedStr) else [text]
                found += [
                    f"{path.name}:{node.lineno} {word.value}"
                    for word in words
                    if isinstance(word, ast.Constant)
                    and isinstance(word.value, str)
                    and re.search("[a-z]{3} [a-z]", word.value)
                ]
    assert found == []


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LANG": "zh_TW"}, True),
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "zha_CN"}, False),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, True),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "zh_CN:en"}, True),
        ({"LANG": "zh_CN.UTF-8", "LANGUAGE": "en"}, False),
        ({"LANG": "C", "LANGUAGE": "zh_CN"}, False),
        ({"LC_ALL": "POSIX", "LANG": "zh_CN"}, False),
        ({}, False),
    ],
)
def test_the_locale(
    variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert is_chinese() is expected


def test_messages_in_chinese(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main(["serv"]) == 2
    assert capsys.readouterr().err == "错误：没有 serv 这个命令；是否想用 serve？\n"
    assert main(["transcribe", "a.wav", "-j", "0"]) == 2
    assert capsys.readouterr().err == "错误：-j 0：至少为 1\n"


def test_a_value_with_braces() -> None:
    assert translate("error: {text}", text="{x} [y]") == "error: {x} [y]"


@pytest.mark.slow
def test_help_in_chinese() -> None:
    """All help is Chinese; in a process of its own, because options are described at import."""
    code = f"""
from liusheng.cli import main
from liusheng.cli.translation import catalogue
for command in {[name for name in _COMMANDS if name not in ("eval", "bench")]}:
    main([command, "--help"])
for command in ("add", "list", "revoke", "rotate"):
    main(["keys", command, "--help"])
for command in ("list", "pull", "verify", "remove"):
    main(["models", command, "--help"])
main([])
"""
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "LC_ALL": "zh_CN.UTF-8",
            "COLUMNS": "200",
            "PYTHONUTF8": "1",
            "PYTHONPATH": str(CLI.parents[1]),
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    begins = [text[:30].partition("{")[0] for text in catalogue() if len(text.split()) > 3]
    assert not [text for text in begins if len(text) > 12 and text in shown]
    assert "转写任意格式的音频文件" in shown
    assert "用法：liusheng asr" in shown
    assert "[可取值：txt, srt" in shown
    assert "[choices" not in shown
    assert "[必需]" in shown
    assert "pip install 'liusheng[mic]'" in shown
