"""How long the JavaScript client waits for a server, on a clock of its own."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import Any

from annotated_types import Le

from liusheng.client import connect
from liusheng.server.config.limits import LimitSettings
from tests.support.programs import run_in_javascript

[LONGEST_QUEUE] = [
    each.le for each in LimitSettings.model_fields["queue_seconds"].metadata if isinstance(each, Le)
]
"""Seconds that a client may wait for a place."""

RUN = """
let now = 0, timers = new Map(), count = 0;
globalThis.setTimeout = (call, ms = 0) => {
  timers.set((count += 1), { call, at: now + ms });
  return count;
};
globalThis.clearTimeout = (timer) => timers.delete(timer);
const settled = () => new Promise((resolve) => setImmediate(resolve));
const pass = async (seconds) => {
  const end = now + 1000 * seconds;
  for (;;) {
    const [next] = [...timers].filter(([, { at }]) => at <= end).sort((a, b) => a[1].at - b[1].at);
    if (!next) break;
    timers.delete(next[0]);
    now = next[1].at;
    next[1].call();
    await settled();
  }
  now = end;
};

const sockets = [];
globalThis.WebSocket = class {
  static OPEN = 1;
  readyState = 1;
  constructor() {
    sockets.push(this);
    setTimeout(() => this.onopen());
  }
  send() {}
  close() {}
};
const answer = (message) => sockets.at(-1).onmessage({ data: JSON.stringify(message) });

const { Recognition } = await import("./recognition.js");
const recognition = new Recognition(new URL("ws://127.0.0.1/"));
await pass(0);
answer({ signal: "server_ready", resume: { token: "t", seconds: 30 } });
recognition.send(new Int16Array(100));
answer({ result: "a" });
sockets[0].onclose({ code: 1006 });
await pass(1); // it is resumed on another server
const after = sockets.length;
SCRIPT
"""


def run(folder: Path, script: str) -> Any:
    return run_in_javascript(folder, RUN.replace("SCRIPT", script))


def test_a_resumed_recognition_keeps_its_turn_in_the_queue(tmp_path: Path) -> None:
    script = f"""
      await pass({LONGEST_QUEUE});
      answer({{ signal: "server_ready", resumed: {{ received: 200, ended: false, replies: [] }} }});
      await pass(600); // the speaker pauses
      recognition.finish();
      answer({{ signal: "finished", result: "a b", times: [] }});
      console.log(JSON.stringify([after, sockets.length, (await recognition.final).result]));
    """
    assert run(tmp_path, script) == [2, 2, "a b"]


def test_a_server_that_does_not_answer_is_left(tmp_path: Path) -> None:
    script = "await pass(70); console.log(JSON.stringify([after, sockets.length]));"
    assert run(tmp_path, script) == [2, 3]


def test_late_replies_are_noticed_sooner(tmp_path: Path) -> None:
    script = """
      answer({ signal: "server_ready", resumed: { received: 200, ended: false, replies: [] } });
      recognition.send(new Int16Array(100));
      await pass(19);
      const before = sockets.length;
      await pass(3);
      console.log(JSON.stringify([before, sockets.length]));
    """
    assert run(tmp_path, script) == [2, 3]


def test_the_python_client_waits_longer_than_a_server_makes_it_wait() -> None:
    assert signature(connect).parameters["timeout"].default > LONGEST_QUEUE
