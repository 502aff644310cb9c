"""`liusheng top`: a live view of servers, from their metrics."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.live import Live
from rich.table import Table

from liusheng.cli.constants import FAILED, USAGE
from liusheng.cli.server_address import ApiKeyOption, CaFileOption, open_client, server_url
from liusheng.cli.terminal import error, open_console, printable
from liusheng.cli.top_figures import Scrape, TopFigures, Total
from liusheng.cli.translation import translate as tr
from liusheng.cli.translation import translated
from liusheng.client import Client
from liusheng.client.options import API_KEY_VARIABLE
from liusheng.protocol import paths

_LEAST_INTERVAL = 0.2
_MOST_BYTES = 16 << 20


class UnobservableError(Exception):
    """The metrics of a server cannot be read; the message says why."""


class ObservedServer:
    """A server, and what was read of it last.

    name: as its user wrote it.
    state: "ready", or why not.
    figures: of the server; of a cluster, the total.
    replicas: of a cluster, the figures of each replica by its name.
    """

    def __init__(self, name: str, client: Client) -> None:
        self.name = name
        self.state = ""
        self.figures: TopFigures | None = None
        self.replicas: dict[str, TopFigures] = {}
        self._client = client

    def read(self) -> None:
        """Read the metrics again.

        Raises:
            UnobservableError: they cannot be read.
        """
        before = self.figures.now if self.figures else None
        try:
            text = self._get(paths.METRICS)[1].decode()
            now = Scrape.parse(text)
            if parts := now.replicas():
                self.replicas = {
                    name: TopFigures(
                        part, self.replicas[name].now if name in self.replicas else None
                    )
                    for name, part in parts.items()
                }
                self.figures = Total(now, before, list(self.replicas.values()))
                return
            self.figures, self.replicas = TopFigures(now, before), {}
            status, ready = self._get(paths.READYZ)
            self.state = "ready" if status == 200 else "; ".join(json.loads(ready)["reasons"])
        except urllib.error.HTTPError as refused:
            raise UnobservableError(_refusal(refused)) from None
        except (OSError, ValueError, KeyError, TypeError) as problem:
            reason = getattr(problem, "reason", problem)
            raise UnobservableError(f"its metrics cannot be read: {reason}") from None

    def _get(self, path: str) -> tuple[int, bytes]:
        """Return the status, 200 or 503, and the body."""
        transport = self._client.transport
        request = urllib.request.Request(self._client.address.http(path), headers=transport.headers)
        try:
            with urllib.request.urlopen(
                request, timeout=transport.open_timeout, context=transport.tls
            ) as response:
                return response.status, response.read(_MOST_BYTES)
        except urllib.error.HTTPError as answered:
            with answered:
                if path == paths.READYZ and answered.code == 503:
                    return 503, answered.read(_MOST_BYTES)
                raise


def _refusal(refused: urllib.error.HTTPError) -> str:
    if refused.code in (401, 403):
        return f"its metrics need an API key; set it in ${API_KEY_VARIABLE}, or give --api-key"
    if refused.code == 404:
        return "it has no metrics: another program answers there, or an older version"
    return f"its metrics cannot be read: it answers with status {refused.code}"


@translated
def top(
    *urls: Annotated[
        str,
        Parameter(
            help=tr("Addresses of servers: ws://HOST:PORT; by default as --server elsewhere.")
        ),
    ],
    interval: Annotated[float, Parameter(help=tr("Seconds between two updates."))] = 2.0,
    once: Annotated[
        bool, Parameter(help=tr("Print the figures since the servers started, and exit."))
    ] = False,
    api_key: ApiKeyOption = None,
    ca_file: CaFileOption = None,
) -> int:
    """Show what servers are doing: sessions, load, delays, workers, memory. Ctrl-C ends it.

    A cluster has a row for each replica, and one for all.

    It reads /metrics, which needs an API key if the server has keys.
    """
    if not interval >= _LEAST_INTERVAL:
        error(
            tr(
                "--interval is {interval:g}; it is at least {least:g} seconds",
                interval=interval,
                least=_LEAST_INTERVAL,
            )
        )
        return USAGE
    names = urls or (server_url(None),)
    try:
        servers = [ObservedServer(name, open_client(name, api_key, ca_file)) for name in names]
    except ValueError as problem:
        error(str(problem))
        return USAGE
    console = open_console()
    with ThreadPoolExecutor(len(servers)) as readers:
        failed = _look(servers, readers)
        for server, reason in failed.items():
            error(f"{printable(server.name)}: {reason}")
        if once or len(failed) == len(servers):
            if len(failed) < len(servers):
                console.print(frame(servers, failed))
            return FAILED if failed else 0
        _show(console, servers, readers, interval)
    return 0


def _show(
    console: Console, servers: list[ObservedServer], readers: ThreadPoolExecutor, interval: float
) -> None:
    """Show the servers until Ctrl-C."""
    failed: dict[ObservedServer, str] = {}
    with Live(console=console, auto_refresh=False, screen=sys.stdout.isatty()) as live:
        try:
            while True:
                live.update(frame(servers, failed), refresh=True)
                time.sleep(interval)
                failed = _look(servers, readers)
        except KeyboardInterrupt:
            return


def _look(servers: list[ObservedServer], readers: ThreadPoolExecutor) -> dict[ObservedServer, str]:
    """Read all servers at once; return why some cannot be read."""

    def read(server: ObservedServer) -> str:
        try:
            server.read()
        except UnobservableError as problem:
            return str(problem)
        return ""

    reasons = zip(servers, readers.map(read, servers), strict=True)
    return {server: reason for server, reason in reasons if reason}


def frame(servers: list[ObservedServer], failed: dict[ObservedServer, str]) -> Table:
    """Return a table with a column for each server; if one is a cluster, with a row for each
    server and replica."""
    if any(server.replicas for server in servers):
        return _rows(servers, failed)
    table = _table("")
    values: list[dict[str, str]] = []
    for server in servers:
        table.add_column(printable(server.name), overflow="fold")
        reason = failed.get(server)
        shown = {"state": printable(reason or server.state)}
        if not reason and server.figures:
            shown.update(server.figures.rows())
        values.append(shown)
    for name in _names(values):
        table.add_row(name, *(shown.get(name, "-") for shown in values))
    return table


def _rows(servers: list[ObservedServer], failed: dict[ObservedServer, str]) -> Table:
    rows: list[tuple[str, dict[str, str]]] = []
    for server in servers:
        reason = failed.get(server)
        found = {} if reason else server.replicas
        rows += [(f"  {printable(name)}", dict(each.summary())) for name, each in found.items()]
        whole = {"state": printable(reason)} if reason else {}
        if not reason and server.figures:
            whole = dict(server.figures.summary())
        rows.append((printable(server.name), whole))
    names = _names([row for _, row in rows])
    table = _table("", *names)
    for title, row in rows:
        table.add_row(title, *(row.get(name, "-") for name in names))
    return table


def _names(values: list[dict[str, str]]) -> list[str]:
    return list(dict.fromkeys(name for shown in values for name in shown))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
