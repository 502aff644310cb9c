"""The Python of the documents: its imports and names exist, and what needs no server runs. The
settings and keys of the page for operators are as the program takes them."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from liusheng.cli import main
from liusheng.server.config.sources import load
from tests.test_documents import DOCUMENTS, ROOT


class Snippet(NamedTuple):
    """A block of Python in a page; `line` is that of its first line."""

    page: Path
    line: int
    code: str

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def tree(self) -> ast.Module:
        # Snippets may await where they are put into a coroutine.
        flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        tree = compile(self.code, self.name, "exec", flags, dont_inherit=True)
        assert isinstance(tree, ast.Module)
        return tree


def _snippets() -> Iterator[Snippet]:
    for page in DOCUMENTS:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            yield Snippet(page, text.count("\n", 0, match.start(1)) + 1, match[1])


SNIPPETS = list(_snippets())


def _snippet(page: str, within: str) -> Snippet:
    (found,) = (each for each in SNIPPETS if each.page == ROOT / page and within in each.code)
    return found


def test_the_pages_have_snippets() -> None:
    assert len(SNIPPETS) > 30


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda each: each.name)
def test_imports_and_names_exist(snippet: Snippet) -> None:
    """Of packages that are not installed here (LiveKit, Pipecat) nothing is known."""
    tree = snippet.tree()
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                _import(alias.name)
                modules[alias.asname or alias.name.partition(".")[0]] = alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and _import(node.module):
            for alias in node.names:
                module = importlib.import_module(node.module)
                submodule = f"{node.module}.{alias.name}"
                assert hasattr(module, alias.name) or importlib.util.find_spec(submodule)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module_name = modules.get(node.value.id)
            if module_name and _import(module_name):
                assert hasattr(importlib.import_module(module_name), node.attr), node.attr


def _import(name: str) -> bool:
    """Import a module; False if its package is another's and not installed."""
    package = name.partition(".")[0]
    if package != "liusheng" and importlib.util.find_spec(package) is None:
        return False
    importlib.import_module(name)
    return True


@pytest.mark.parametrize("page", ["docs/models.md", "docs/zh/models.md"])
def test_models_are_pulled_and_opened_as_shown(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIUSHENG_HOME", str(tmp_path / "home"))
    folder = tmp_path / "my-asr"
    folder.mkdir()
    for name in ("model.onnx", "tokens.txt"):
        (folder / name).touch()
    code = _snippet(page, "Store()").code
    # The one model that needs no network.
    code = code.replace("whisper-base", "tiny").replace("/srv/my-asr", folder.as_posix())
    names: dict[str, object] = {}
    exec(code, names)
    model = names["model"]
    assert getattr(model, "path") == folder  # noqa: B009
    assert getattr(model, "languages") == ("zh",)  # noqa: B009


@pytest.mark.slow
@pytest.mark.parametrize("page", ["docs/text.md", "docs/zh/text.md"])
def test_a_text_is_read_as_shown(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.txt").write_text("六安 lu4 an1\n", encoding="utf-8")
    snippet = _snippet(page, "FrontEnd")
    exec(snippet.code, {})
    assert capsys.readouterr().out == "".join(
        line.removeprefix("# ") + "\n"
        for line in snippet.code.splitlines()
        if line.startswith("# ")
    )


@pytest.mark.parametrize("page", ["docs/python.md", "docs/zh/python.md"])
def test_a_client_has_the_options_that_are_shown(page: str) -> None:
    exec(
        "import liusheng\n" + _snippet(page, "open_timeout").code,
        {"url": "ws://127.0.0.1:8090"},
    )


OPERATION = ["docs/operation.md", "docs/zh/operation.md"]


def _blocks(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", OPERATION)
def test_settings_of_the_operators_page_are_settings(page: str, tmp_path: Path) -> None:
    settings = [each for each in _blocks(page) if re.search(r"^\[\w+\]$", each, re.MULTILINE)]
    assert len(settings) >= 5
    for each in settings:
        file = tmp_path / "liusheng.toml"
        file.write_text(each, encoding="utf-8")
        load(config=file)


@pytest.mark.parametrize("page", OPERATION)
def test_keys_are_made_in_the_servers_file_as_shown(page: str, tmp_path: Path) -> None:
    keys = "/var/lib/liusheng/keys.json"
    lines = [line for block in _blocks(page) for line in block.splitlines() if " keys " in line]
    assert len(lines) >= 4
    for line in lines:
        assert line.startswith("runuser -u liusheng -- /opt/liusheng/bin/liusheng keys "), line
        assert f" --keys-file {keys}" in line
        command = line.partition(" > ")[0].replace(keys, str(tmp_path / "keys.json"))
        assert main(shlex.split(command)[5:]) == 0
    prose = re.sub("^```.*?^```", "", (ROOT / page).read_text("utf-8"), flags=re.M | re.S)
    assert "liusheng keys add" not in prose


@pytest.mark.parametrize("page", OPERATION)
def test_prometheus_reaches_a_server_with_tls_and_keys(page: str) -> None:
    (block,) = (each for each in _blocks(page) if each.startswith("scrape_configs:"))
    (job,) = yaml.safe_load(block)["scrape_configs"]
    assert job["scheme"] == "https"
    assert job["tls_config"]["ca_file"]
    key = job["authorization"]["credentials_file"]
    assert any(line.endswith(f" > {key}") for each in _blocks(page) for line in each.splitlines())
