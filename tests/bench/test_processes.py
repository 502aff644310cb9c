from __future__ import annotations

import asyncio
import os
import socket
import sys

import psutil
import pytest

from liusheng.bench.processes import ResourceMonitor, listening_process, process_tree

# Starts a worker when it is told to; the worker computes, says that it has, and waits.
SERVER = """
import subprocess, sys
sys.stdin.readline()
subprocess.run([sys.executable, "-c", '''
import sys, time
while time.process_time() < 0.3: pass
print(flush=True)
sys.stdin.read()
'''])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell only root")
def test_the_process_that_listens_on_a_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert listening_process(port) == os.getpid()
    assert listening_process(port) is None


async def test_a_server_and_its_workers_are_found() -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert server.stdin is not None
    assert server.stdout is not None
    monitor = ResourceMonitor(server.pid)
    async with monitor:
        server.stdin.write(b"\n")
        await server.stdout.readline()
    server.stdin.close()
    await server.stdout.read()  # until those that it has started have ended, too
    await server.wait()
    usage = monitor.usage
    assert usage is not None
    assert usage.workers == 1
    assert usage.cpu_workers > usage.cpu_server >= 0
    assert usage.memory_peak >= usage.memory_after > usage.memory_before > 0


async def test_a_server_that_is_gone_has_no_figures() -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE
    )
    monitor = ResourceMonitor(server.pid)
    async with monitor:
        server.kill()
        await server.wait()
    assert monitor.usage is None


# Starts a process that starts another one, which says who it is, and ends.
FORKER = """
import subprocess, sys
orphan = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"
code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {orphan!r}])"
subprocess.run([sys.executable, "-c", code])
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups")
@pytest.mark.parametrize("leads", [True, False])
async def test_a_worker_whose_forker_has_ended_is_found_in_the_group(leads: bool) -> None:
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", FORKER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=leads,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    orphan = int(await server.stdout.readline())
    await asyncio.to_thread(psutil.wait_procs, psutil.Process(server.pid).children(), 30)
    others = [each.pid for each in process_tree(server.pid)[1:]]
    assert others == ([orphan] if leads else []), "elsewhere it may be anybody's"
    server.stdin.close()
    await server.stdout.read()  # until those that it has started have ended, too
    await server.wait()
