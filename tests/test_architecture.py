"""What each process loads, and import cycles. Which module may import which is in pyproject.toml,
checked by `lint-imports`."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

import liusheng
import liusheng.client

ENGINES = {
    "ctranslate2",
    "faster_whisper",
    "hibari",
    "kenlm",
    "onnx",
    "onnxruntime",
    "sherpa_onnx",
    "tokenizers",
    "wetext",
}
SERVER = {"httpx2", "pydantic", "starlette", "structlog", "uvicorn"}
CLIENT = {"asyncio", "msgspec", "numpy", "websockets"}


IMPORTS = {
    "liusheng": CLIENT | ENGINES | SERVER,
    "liusheng.protocol.asr_session": {"asyncio", "numpy"},
    "liusheng.protocol.tts_session": {"asyncio", "numpy"},
    "liusheng.protocol.realtime_session": {"asyncio", "numpy"},
    "liusheng.runtime.workers.worker": {"asyncio", "numpy"},
    "liusheng.cli": ENGINES | SERVER,
    "liusheng.client": ENGINES | SERVER,
    # Engines are in workers, traces are an option.
    "liusheng.server.main": ENGINES | {"av", "opentelemetry"},
}
"""Modules and what none of them loads, those first that load the least."""


@pytest.mark.slow
def test_what_an_import_loads() -> None:
    """In one process, so that each is imported with all of those before it."""
    environment = {key: os.environ[key] for key in os.environ if not key.startswith("COVERAGE_")}
    code = "".join(f"import {module}; print(*sys.modules)\n" for module in IMPORTS)
    result = subprocess.run(
        [sys.executable, "-c", "import sys\n" + code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    for line, (module, forbidden) in zip(result.stdout.splitlines(), IMPORTS.items(), strict=True):
        loaded = {name.partition(".")[0] for name in line.split()}
        assert not loaded & forbidden, module


def test_no_module_imports_itself_through_others() -> None:
    """The contract on siblings does not see a cycle of a package and a module in it."""
    graph = grimp.build_graph("liusheng", cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    assert len(imports) > 100
    TopologicalSorter(imports).prepare()  # raises CycleError, which shows the cycle


def test_connect_is_an_attribute_of_the_package() -> None:
    assert liusheng.connect is liusheng.client.connect
    with pytest.raises(AttributeError, match="has no attribute 'conect'"):
        liusheng.conect  # noqa: B018


def test_pickles_come_from_this_program_only() -> None:
    """Reading a pickle runs what is in it: only these modules do, for the reason given."""
    own = {
        "runtime/workers/pipe.py": "messages of a socket pair between the server and its workers",
        "runtime/workers/worker.py": "an exception that it has pickled itself, as a test",
        "runtime/recognition/handler.py": "states that come back over the pipe as they went",
        "tts/text/polyphone_model.py": "tables of an installed package whose version is pinned",
    }
    forbidden = {"eval", "exec", "unsafe_load", "full_load"}
    root = Path(liusheng.__file__).parent
    readers: set[str] = set()
    for file in sorted(root.rglob("*.py")):
        place = str(file.relative_to(root))
        source = file.read_text(encoding="utf-8")
        if not re.search(
            r"pickle|marshal|shelve|dill|eval\(|exec\(|[._]load\(|shell|trust_remote", source
        ):
            continue  # parsing takes most of the time
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            module, _, name = called.rpartition(".")
            reads = name in ("load", "loads", "open", "Unpickler")
            if module in ("pickle", "marshal", "shelve", "dill", "cloudpickle") and reads:
                readers.add(place)
            assert called not in forbidden, (place, called)
            assert called not in ("yaml.load", "torch.load", "joblib.load"), (place, called)
            for keyword in node.keywords:
                if keyword.arg in ("allow_pickle", "trust_remote_code", "shell"):
                    assert ast.unparse(keyword.value) == "False", (place, called)
    assert readers == set(own)


def test_a_class_name_means_one_thing() -> None:
    """But for messages, which are told apart by the module of their protocol."""
    source = Path(liusheng.__file__).parent
    messages = {source / "client" / "messages.py", *(source / "protocol").iterdir()}
    names = Counter(
        name
        for path in source.rglob("*.py")
        if path not in messages
        for name in re.findall(r"^\s*class (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert sum(names.values()) > 500
    assert not [name for name, count in names.items() if count > 1]
