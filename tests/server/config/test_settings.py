"""Settings: defaults, files, environment, flags, and every way to get them wrong."""

from __future__ import annotations

import dataclasses
import errno
import os
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

from liusheng.asr.options import AsrOptions
from liusheng.asr.types import Script
from liusheng.models.catalogue import Catalogue
from liusheng.server.config.recognition import AsrSettings
from liusheng.server.config.settings import Settings
from liusheng.server.config.sources import (
    Loaded,
    SettingsError,
    find_file,
    load,
    setting_paths,
    variable_name,
)
from liusheng.server.config.toml import to_toml
from liusheng.server.cores import usable_cores


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No variables of ours, an empty folder to stand in, no user's settings."""
    for name in os.environ:
        if name.upper().startswith("LIUSHENG_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def write(text: str, name: str = "settings.toml") -> Path:
    path = Path(name).absolute()
    path.write_text(text, encoding="utf-8")
    return path


def fault(**arguments: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load(**arguments)
    return str(caught.value)


def test_defaults() -> None:
    settings = load().settings
    assert settings == Settings()
    assert settings.host == "127.0.0.1"  # nobody is let in from outside without being told to
    assert settings.ports == [8090]
    assert settings.asr.script is Script.SIMPLIFIED
    assert settings.workers.asr == settings.workers.tts == usable_cores()
    assert set(load().origins.values()) == {"default"}


def test_settings_alone_read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUSHENG_HOST", "0.0.0.0")
    assert Settings().host == "127.0.0.1"


def test_settings_travel_to_workers() -> None:
    settings = load(flags={"asr.live.interval": ("--set", "0.5")}).settings
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_later_sources_are_stronger(monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(
        'host = "file"\nlog_level = "debug"\nports = [1]\n[limits]\nidle_seconds = 1\n'
        "max_text_chars = 5\n"
    )
    monkeypatch.setenv("LIUSHENG_HOST", "env")
    monkeypatch.setenv("LIUSHENG_PORTS", "2,3")
    monkeypatch.setenv("LIUSHENG_LIMITS__IDLE_SECONDS", "2.5")
    loaded = load(config=file, flags={"host": ("--host", "flag")})
    assert loaded.settings.host == "flag"
    assert loaded.settings.ports == [2, 3]
    assert loaded.settings.log_level == "debug"
    assert loaded.settings.limits.idle_seconds == 2.5
    assert loaded.settings.limits.max_text_chars == 5
    assert loaded.origins["host"] == "flag --host"
    assert loaded.origins["ports"] == "env LIUSHENG_PORTS"
    assert loaded.origins["limits.idle_seconds"] == "env LIUSHENG_LIMITS__IDLE_SECONDS"
    assert loaded.origins["log_level"] == f"file {file}"
    assert loaded.origins["limits.max_packet_bytes"] == "default"


@pytest.mark.parametrize("path", setting_paths())
def test_every_setting_can_be_set_everywhere(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed for a default is read back from a file, a variable and a flag."""
    line = next(
        line
        for table, line in _printed(load())
        if f"{table}.{line.split(' ')[0]}".lstrip(".") == path
    )
    literal = line.split(" = ", 1)[1]
    plain = literal.strip('"')
    table, _, name = path.rpartition(".")
    file = write((f"[{table}]\n" if table else "") + f"{name} = {literal}\n")
    loaded = load(config=file)
    assert loaded.origins[path] == f"file {file}"
    assert loaded.settings == Settings()
    monkeypatch.setenv(variable_name(path), plain)
    loaded = load()
    assert loaded.origins[path] == f"env {variable_name(path)}"
    assert loaded.settings == Settings()
    monkeypatch.delenv(variable_name(path))
    assert load(flags={path: ("--set", plain)}).settings == Settings()


def _printed(loaded: Loaded) -> list[tuple[str, str]]:
    table, rows = "", []
    for line in to_toml(loaded).splitlines():
        if line.startswith("["):
            table = line.strip("[]")
        elif line:
            rows.append((table, line.partition("  #")[0].rstrip()))
    return rows


def test_lists_in_one_string() -> None:
    for text in ("a, b", '["a", "b"]', "a,b,"):
        assert load(flags={"asr.models": ("--set", text)}).settings.asr.models == ["a", "b"]
    message = fault(flags={"asr.models": ("--set", '["a"')})
    assert message.startswith("asr.models = '[\"a\"' (flag --set): ")
    assert "is not a JSON list" in message


def test_print_config_is_a_settings_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUSHENG_HOME", '/tmp/a "quoted" \\ 中文\x7f\t folder')
    monkeypatch.setenv("LIUSHENG_ASR__SCRIPT", "traditional")
    loaded = load(flags={"ports": ("--port", [1, 2])})
    text = to_toml(loaded)
    assert 'script = "traditional"' in text
    assert "# env LIUSHENG_ASR__SCRIPT" in text
    assert "ports = [1, 2]" in text
    assert "# flag --port" in text
    line = next(line for line in text.splitlines() if line.startswith("ports"))
    assert len(line) < 80, "the one long value, llm.system_prompt, moves no other's comment"
    file = write(text)
    monkeypatch.delenv("LIUSHENG_HOME")
    monkeypatch.delenv("LIUSHENG_ASR__SCRIPT")
    assert load(config=file).settings == loaded.settings


def test_search_path_of_the_file(monkeypatch: pytest.MonkeyPatch, clean: Path) -> None:
    import platformdirs

    assert find_file(None) is None
    users = platformdirs.user_config_path("liusheng") / "liusheng.toml"
    users.parent.mkdir(parents=True)
    users.write_text("")
    assert find_file(None) == users
    write("", "liusheng.toml")
    assert find_file(None) == Path("liusheng.toml")
    named = write("", "named.toml")
    monkeypatch.setenv("LIUSHENG_CONFIG", str(named))
    assert find_file(None) == named
    other = write("", "other.toml")
    assert find_file(other) == other


def test_an_empty_table_says_nothing() -> None:
    assert load(config=write("[limits]\n[asr.live]\n")).settings == Settings()


def test_a_named_file_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fault(config="nowhere.toml") == "There is no settings file nowhere.toml."
    monkeypatch.setenv("LIUSHENG_CONFIG", "nowhere.toml")
    assert fault() == "There is no settings file nowhere.toml (named by LIUSHENG_CONFIG)."


def test_a_folder_that_may_not_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, **_: object) -> os.stat_result:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "stat", refused)
    monkeypatch.setattr(Path, "is_file", refused)  # its own call of `os.stat` from Python 3.14 on
    assert find_file(None) is None
    assert fault(config="mine.toml") == (
        "The settings file mine.toml cannot be read: Permission denied."
    )


@pytest.mark.parametrize("content", [b"ports = ", b"a = 1\na = 2", b'host = "\xff"'])
def test_a_file_that_is_not_toml(content: bytes) -> None:
    path = Path("bad.toml")
    path.write_bytes(content)
    assert fault(config=path).startswith("bad.toml is not TOML: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prots = [1]", "there is no setting prots; did you mean ports?"),
        ("[asr]\nmodles = []", "there is no setting asr.modles; did you mean asr.models?"),
        ("models = []", "there is no setting models; did you mean asr.models or tts.models?"),
        ("[limit]\nidle_seconds = 1", "limit.idle_seconds; did you mean limits.idle_seconds?"),
        ("[asr]\nmodel = 'tiny'", "there is no setting asr.model; did you mean asr.models?"),
        ("[tls]\ncert = 'a.pem'", "there is no setting tls.cert; did you mean tls.certificate?"),
        ("[llm]\nkey = 'k'", "there is no setting llm.key; did you mean llm.key_file?"),
        ("[tts]\nquick = 'x'", "there is no setting tts.quick."),
        ("[workers]\ncount = 2", "there is no setting workers.count."),
        ("[asr.whisper]\nthreads = 2", "asr.whisper.threads; did you mean workers.threads?"),
        ("[zzz]\nqqq = 1", "there is no setting zzz.qqq."),
        ("limits = 3", "there is no setting limits"),
        ("[[limits]]\nidle_seconds = 1", "there is no setting limits"),
        ("[limitz]", "there is no setting limitz"),
        ("[ports]\nx = 1", "there is no setting ports.x; did you mean ports?"),
    ],
)
def test_unknown_in_the_file(text: str, message: str) -> None:
    file = write(text)
    assert f"{file}: " in fault(config=file)
    assert message in fault(config=file)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("LIUSHENG_PROTS", "LIUSHENG_PORTS"),
        ("LIUSHENG_IDLE_SECONDS", "LIUSHENG_LIMITS__IDLE_SECONDS"),
        ("LIUSHENG_ASR__MODLES", "LIUSHENG_ASR__MODELS"),
        ("LIUSHENG_LIMITS_IDLE_SECONDS", "LIUSHENG_LIMITS__IDLE_SECONDS"),
    ],
)
def test_unknown_in_the_environment(name: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    expected = f"The environment variable {name} names no setting; did you mean {meant}?"
    assert fault() == expected


def test_variables_that_are_not_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVER", "EVAL_SET", "MIRROR"):
        monkeypatch.setenv(f"LIUSHENG_{name}", "x")
    monkeypatch.setenv("LIUSHENG_HOME", "/models")
    assert load().settings.home == Path("/models")


def test_unknown_flag() -> None:
    message = "--set: there is no setting ports.x; did you mean ports?"
    assert fault(flags={"ports.x": ("--set", "1")}) == message


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("ports", [70_000], "ports = 70000 (flag --x): must be at most 65535."),
        ("ports", [-1], "ports = -1 (flag --x): must be at least 0."),
        ("ports", "80a", "ports = '80a' (flag --x): must be a whole number."),
        ("ports", [], "ports = [] (flag --x): must not be empty."),
        ("ports", [1, 1], "ports = [1, 1] (flag --x): names a port twice."),
        ("host", "", "host = '' (flag --x): must not be empty."),
        ("host", 3, "host = 3 (flag --x): must be a text in quotes."),
        ("log_level", "loud", "must be 'debug', 'info', 'warning' or 'error'."),
        ("log_format", "xml", "must be 'text' or 'json'."),
        ("asr.script", "klingon", "must be 'simplified' or 'traditional'."),
        ("asr.models", 3, "asr.models = 3 (flag --x): must be a list."),
        ("path_prefix", "speech", 'must begin with "/" and be a plain path, such as "/speech".'),
        ("path_prefix", "/a b", 'must begin with "/" and be a plain path'),
        ("limits.idle_seconds", 0, "must be more than 0."),
        ("limits.idle_seconds", "nan", "must be a finite number."),
        ("limits.idle_seconds", "soon", "must be a number."),
        ("limits.max_sessions", 0, "must be at least 1."),
        ("limits.max_packet_bytes", 10, "must be at least 1024."),
        ("workers.asr", 0, "must be at least 1."),
        ("workers.asr", 1.5, "must be a whole number."),
        ("workers.nice", 20, "must be at most 19."),
        ("workers.batch", 0, "must be at least 1."),
        ("asr.live.interval", "x", "asr.live.interval = 'x' (flag --x): must be a number."),
        ("llm.address", "localhost:11434", "is not the address of a chat API"),
        ("llm.address", "http://", "is not the address of a chat API"),
        ("llm.address", "http://[::1/v1", "is not the address of a chat API"),
        ("llm.address", "http://host:70000/v1", "is not the address of a chat API"),
        ("llm.address", "http://me:pass@host/v1", "must not have a user name, password"),
        ("llm.address", "http://host/v1?key=1", "must not have a user name, password"),
    ],
)
def test_out_of_range(path: str, value: object, message: str) -> None:
    text = fault(flags={path: ("--x", value)})
    assert text.startswith(f"{path} = ")
    assert message in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("asr.whisper.beam", 0, "beam must be at least 1: 0."),
        ("asr.whisper.compute_type", "int4", "compute_type 'int4': expected one of int8, "),
        ("asr.whisper.pad_final", 31, "pad_final are seconds of a 30 s window"),
        ("asr.whisper.no_speech", 2, "no_speech is a probability, 0 to 1: 2.0."),
        ("asr.whisper.compression", 1, "compression must be above 1: 1.0."),
        ("asr.whisper.tokens_per_second", 0, "tokens_per_second must be above zero: 0.0."),
        ("asr.online.decoding_method", "magic", "expected 'greedy_search' or 'modified_beam"),
    ],
)
def test_engine_options_out_of_range(path: str, value: object, message: str) -> None:
    text = fault(flags={path: ("--set", value)})
    assert text.startswith(f"{path.rpartition('.')[0]} ({path} from flag --set): ")
    assert message in text


def test_options_that_contradict_each_other() -> None:
    text = fault(flags={"asr.live.keep": ("--set", 20)})
    assert text == (
        "asr.live (asr.live.keep from flag --set): keep (20.0) must be less than trim (12.0)."
    )
    seconds = {"limits.queue_seconds": ("--set", 20), "limits.idle_seconds": ("--set", 20)}
    text = fault(flags=seconds)
    assert "queue_seconds = 20 must be less than idle_seconds = 20" in text
    nothing: dict[str, tuple[str, list[str]]] = {
        "asr.models": ("--asr", []),
        "tts.models": ("--tts", []),
    }
    assert "there is nothing to serve" in fault(flags=nothing)


def test_one_task_alone_may_be_served() -> None:
    assert load(flags={"tts.models": ("--tts", "")}).settings.tts.models == []


def test_all_errors_are_reported_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUSHENG_HOSTT", "x")
    monkeypatch.setenv("LIUSHENG_WORKERS__ASR", "many")
    file = write("prots = [1]\nports = [99999]\n")
    text = fault(config=file, flags={"limits.max_sessions": ("--set", 0)})
    assert len(text.splitlines()) == 5


def test_path_prefix_and_home_are_tidied(clean: Path) -> None:
    flags = {"path_prefix": ("--x", "/speech/"), "home": ("--x", "~/models")}
    settings = load(flags=flags).settings
    assert settings.path_prefix == "/speech"
    assert settings.home == clean / "home" / "models"


def test_engines_get_their_options() -> None:
    flags = {
        "workers.threads": ("--set", 3),
        "workers.batch": ("--set", 4),
        "asr.whisper.beam": ("--set", 5),
        "asr.live.vad.endpoint": ("--set", 0.9),
    }
    options = load(flags=flags).settings.asr_options
    assert (options.whisper.threads, options.whisper.batch, options.whisper.beam) == (3, 4, 5)
    assert (options.moonshine.threads, options.online.threads, options.online.batch) == (3, 3, 4)
    assert options.live.vad.endpoint == 0.9


def test_every_group_of_engine_options_is_a_setting() -> None:
    names = {field.name for field in dataclasses.fields(AsrOptions)}
    assert names <= set(AsrSettings.model_fields)


def test_other_models_choose_from_all_their_languages() -> None:
    assert Settings().asr_options.languages == ("zh", "en")
    flags: dict[str, tuple[str, object]] = {"asr.models": ("--asr", ["tiny"])}
    assert load(flags=flags).settings.asr_options.languages == ()
    flags["asr.languages"] = ("--set", "ja, ko")
    assert load(flags=flags).settings.asr_options.languages == ("ja", "ko")


def test_default_models_are_the_catalogues() -> None:
    settings = Settings()
    chosen = [model.name for model in Catalogue.default() if model.default]
    named = [*settings.asr.models, *settings.tts.models, settings.asr.correction.model]
    assert named == chosen


@pytest.mark.parametrize("page", ["docs/configuration.md", "docs/zh/configuration.md"])
def test_the_documents_list_every_setting(page: str) -> None:
    text = (Path(__file__).parents[3] / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_.0-9]+)` \| (.+?) \|(.*)", text, re.MULTILINE)
    assert sorted(path for path, *_ in rows) == sorted(setting_paths())
    printed = {}
    for table, line in _printed(load()):
        name, _, value = line.partition(" = ")
        printed[f"{table}.{name}".lstrip(".")] = f"`{value}`"
    for path, default, more in rows:  # those of three columns give a default
        if more and default.startswith("`"):
            assert default == printed[path], path
