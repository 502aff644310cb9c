"""The unit for systemd: its values fit the program's, and the page that says how to install it."""

from __future__ import annotations

import asyncio
import configparser
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from liusheng.cli import main, missing_models
from liusheng.cli.constants import USAGE
from liusheng.runtime.forking import fork_server
from liusheng.server import uvicorn_server
from liusheng.server.config.settings import Settings
from liusheng.server.lifecycle import sd_notify, serving, watchdog
from liusheng.server.lifecycle.exit_status import ExitStatus
from liusheng.server.lifecycle.signals import Stop, handled_signals
from liusheng.server.websocket_endpoints import STOP_TIMEOUT

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "systemd" / "liusheng.service"
PAGES = ["docs/operation.md", "docs/zh/operation.md"]


def unit() -> configparser.ConfigParser:
    # A key that is there twice is an error.
    parser = configparser.ConfigParser(interpolation=None, delimiters="=", comment_prefixes="#")
    parser.optionxform = str  # type: ignore[assignment]
    parser.read_string(UNIT.read_text("utf-8"))
    return parser


def service(name: str) -> str:
    return unit()["Service"][name]


def seconds(name: str) -> float:
    return float(service(name))


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
@pytest.mark.parametrize(("line", "complaint"), [("", ""), ("WatchDogSec=1\n", "WatchDogSec")])
def test_systemd_knows_every_key_and_value(tmp_path: Path, line: str, complaint: str) -> None:
    copy = tmp_path / UNIT.name
    # Its program is not installed here.
    text = UNIT.read_text("utf-8").replace(
        "ExecStart=/opt/liusheng/bin/liusheng", "ExecStart=/bin/sh"
    )
    copy.write_text(text.replace("[Service]\n", "[Service]\n" + line))
    command = ["systemd-analyze", "verify", "--man=no", str(copy)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [each for each in result.stderr.splitlines() if UNIT.name in each]
    assert len(found) == bool(complaint), found
    assert all(complaint in each for each in found)


@pytest.mark.parametrize("name", PAGES)
def test_it_starts_a_server_with_the_settings_of_the_page(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, *arguments = shlex.split(service("ExecStart"))
    config = arguments[arguments.index("--config") + 1]
    assert f"`{config}`" in page(name)
    (settings_file,) = re.findall(r"^```\n(host = .*?ports = .*?)^```", page(name), re.M | re.S)
    copy = tmp_path / "liusheng.toml"
    copy.write_text(settings_file)
    monkeypatch.chdir(tmp_path)
    for each in shlex.split(service("Environment")):
        variable, _, value = each.partition("=")
        monkeypatch.setenv(variable, value)

    got: list[Settings] = []

    def run(settings: Settings, reread: Callable[[], Settings]) -> int:
        got.append(settings)
        return 0

    def pull(home: Path, names: list[str], *, ask: bool, **_: object) -> int:
        assert not ask, "nobody is there to answer"
        return 0

    monkeypatch.setattr("liusheng.server.main.run", run)
    monkeypatch.setattr(missing_models, "pull_missing", pull)
    assert main([str(copy) if each == config else each for each in arguments]) == 0
    (settings,) = got
    assert settings.log_format == "json"
    # The only folder that it may write to.
    state = Path("/var/lib") / service("StateDirectory")
    assert settings.home == state
    assert settings.access.keys_file.parent == state
    assert f"--keys-file {settings.access.keys_file}" in page(name)

    assert Path(program).name == "liusheng"
    assert f"python3 -m venv {Path(program).parents[1]}\n" in page(name)
    user = service("User")
    assert service("Group") == user
    (made,) = re.findall(r"^useradd .*", page(name), re.M)
    assert made.split()[-1] == user
    assert f"--home-dir {state} " in made
    mode = service("StateDirectoryMode").lstrip("0")
    assert f"install -d -o {user} -g {user} -m {mode} {state}\n" in page(name)


def test_there_is_time_to_drain_and_for_what_follows() -> None:
    """The sessions' end, what uvicorn waits for, the ends of the engines and of the traces."""
    drain = Settings().drain
    following = STOP_TIMEOUT + uvicorn_server._CLOSE_TIMEOUT + uvicorn_server._SHUTDOWN_TIMEOUT
    following += 2 * fork_server._STOP_SECONDS + serving._TRACES_SECONDS
    assert seconds("TimeoutStopSec") > drain.seconds + drain.final_seconds + following
    for name in PAGES:
        (more,) = re.findall(r"`TimeoutStopSec`[^。.]*? (\d+) (?:s|秒)", page(name))
        assert (
            following < int(more) <= seconds("TimeoutStopSec") - drain.seconds - drain.final_seconds
        )
    assert service("KillMode") == "mixed"
    assert "KillSignal" not in unit()["Service"]


def test_the_servers_watchdog_bites_first() -> None:
    """systemd counts from the last sign of life, which may be older than the hang."""
    limit = Settings().watchdog.seconds
    own = limit * (1 + 1 / watchdog._LOOKS) + watchdog._REPORT_SECONDS
    last_sign = seconds("WatchdogSec") / sd_notify._WATCHDOG_FRACTION
    assert seconds("WatchdogSec") - last_sign > own


def restarts(status: str) -> bool:
    """Whether systemd starts the service again, after an exit status or a signal."""
    assert service("Restart") == "on-failure"
    if status.isdigit():
        return status != "0" and status not in service("RestartPreventExitStatus").split()
    return status not in {"SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"}


@pytest.mark.parametrize("name", PAGES)
def test_it_is_restarted_as_the_page_says(name: str) -> None:
    rows = re.findall(r"^\| (\d+|[^|]*SIG[^|]*) \|[^|]*\| ([^|]*) \|$", page(name), re.M)
    told = {
        status: advice.startswith(("restart", "重启", "稍候重启"))
        for cell, advice in rows
        for status in re.findall(r"\d+|SIG\w+", cell)
    }
    statuses = {str(int(each)) for each in ExitStatus} | {str(USAGE)}
    assert set(told) == statuses | {"SIGPROF", "SIGTERM", "SIGINT"}
    assert told == {status: restarts(status) for status in told}


def test_it_is_restarted_however_often_it_fails() -> None:
    """systemd gives up after 5 starts in 10 s (StartLimitBurst=, StartLimitIntervalSec=)."""
    assert "StartLimitBurst" not in unit()["Unit"]
    assert "StartLimitIntervalSec" not in unit()["Unit"]
    assert (5 - 1) * seconds("RestartSec") > 10


@pytest.mark.skipif(not Path("/bin/kill").exists(), reason="there is no /bin/kill here")
async def test_a_reload_is_what_the_server_understands() -> None:
    assert service("Type") == "notify"
    command = service("ExecReload").replace("$MAINPID", str(os.getpid()))
    stop, hangup = Stop(), asyncio.Event()
    with handled_signals(stop, hangup, 1.0):
        process = await asyncio.create_subprocess_exec(*command.split())
        assert await process.wait() == 0
        await asyncio.wait_for(hangup.wait(), 60)
    assert not stop.is_set()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_names_its_limit_of_descriptors(name: str) -> None:
    assert f" {int(service('LimitNOFILE')):,} " in page(name)
