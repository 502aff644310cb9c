"""The soak: reference runs without faults, the load with faults, rest, and the server's end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import httpx2

from liusheng.bench.soak.cutting_proxy import Cut, CutPlan, cutting_proxy, random_cuts
from liusheng.bench.soak.faults import FaultRecord, Faults, possible_faults
from liusheng.bench.soak.load import SoakLoad, tasks
from liusheng.bench.soak.material import Material
from liusheng.bench.soak.observer import SoakObserver, SoakSample
from liusheng.bench.soak.schedule import Fault, FaultKind, schedule
from liusheng.bench.soak.sessions import RETRY_SECONDS, SessionOutcome, Sessions, SoakTask, Work
from liusheng.bench.target import ServerExit, Target, stop_server
from liusheng.client import Client, ClientError, connect
from liusheng.client.address import Address
from liusheng.protocol import paths

_RUNS_WITHOUT_FAULTS = 3
"""Of each long speech under the load, after the quiet one."""
_LEAST_SECONDS = 20.0
"""Of the load without faults, if there is no speech."""
_RESUME_SECONDS = 60.0
_REST_SECONDS = 5.0
_RECOVERY_SECONDS = 90.0
RECOVERED = 1.2
"""The memory afterwards, as a share of that before."""
SPARE_DESCRIPTORS = 8
"""More than before that may be open: what is logged, watched and kept for a while."""
_HTTP_TIMEOUT = 150.0


@dataclass
class SoakResult:
    """What a soak measured.

    faults_left_out: kinds that cannot be made against this server.
    clients: how many there were at once.
    quiet, loaded, faulted: the outcomes of the run with one session at a time, of the load without
        faults, and of the load with faults.
    seconds: of the load with faults.
    samples, delays, unanswered: of the `SoakObserver`, during the load with faults.
    idle, rested: the server before the faults and after them, without a session.
    ending: None if the server was not started for the soak.
    interrupted: it was ended early.
    """

    clients: int
    faults_left_out: list[FaultKind] = field(default_factory=list)
    quiet: list[SessionOutcome] = field(default_factory=list)
    loaded: list[SessionOutcome] = field(default_factory=list)
    faulted: list[SessionOutcome] = field(default_factory=list)
    faults: list[FaultRecord] = field(default_factory=list)
    seconds: float = 0.0
    samples: list[SoakSample] = field(default_factory=list)
    delays: list[tuple[float, float]] = field(default_factory=list)
    unanswered: int = 0
    idle: SoakSample | None = None
    rested: SoakSample | None = None
    ending: ServerExit | None = None
    interrupted: bool = False


@dataclass(frozen=True)
class Soak:
    """A soak.

    seconds: of the load with faults.
    fault_interval: seconds between two faults, on average.
    multiple: of the moderate load.
    """

    material: Material
    seconds: float
    fault_interval: float
    multiple: int
    seed: int

    async def run(
        self, target: Target, stop: asyncio.Event, on_progress: Callable[[str], None]
    ) -> SoakResult:
        """Run it; return what was measured.

        stop: ends it early, with what was measured until then.
        on_progress: called with a line of text now and then.

        Raises:
            ClientError: the server cannot be reached.
            OSError, ValueError: it does not describe itself.
        """
        async with connect(target.url, retry_for=RETRY_SECONDS, resume_for=0.0) as client:
            info = await client.info()
            asr, tts = info["asr"] is not None, info["tts"] is not None
            load = SoakLoad(self.material, self.multiple, asr, tts, self.seed)
            possible = possible_faults(target, asr=asr, tts=tts)
            result = SoakResult(load.clients, [kind for kind in FaultKind if kind not in possible])
            run = _SoakRun(self, target, client, load, possible, result, on_progress)
            await run.until(stop)
        if target.process:
            on_progress("the server is stopped")
            result.ending = await asyncio.to_thread(stop_server, target.process)
        return result


class _SoakRun:
    def __init__(
        self,
        soak: Soak,
        target: Target,
        client: Client,
        load: SoakLoad,
        possible: list[FaultKind],
        result: SoakResult,
        on_progress: Callable[[str], None],
    ) -> None:
        self._soak = soak
        self._target = target
        self._client = client
        self._load = load
        self._possible = possible
        self._result = result
        self._tell = on_progress
        self._epoch = time.monotonic()

    async def until(self, stop: asyncio.Event) -> None:
        """Run all phases, or until `stop`."""
        running = asyncio.create_task(self._phases())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._result.interrupted = not running.done()
            stopping.cancel()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    async def _phases(self) -> None:
        headers = self._client.transport.headers
        address = Address.parse(self._target.url)
        plan = _every_second(random_cuts(self._soak.seed, 1 << 30, up=128_000, down=16_000))
        async with contextlib.AsyncExitStack() as stack:
            http = await stack.enter_async_context(
                httpx2.AsyncClient(headers=headers, timeout=_HTTP_TIMEOUT)
            )
            direct = Sessions(self._soak.material, self._client, None, http, self._epoch)
            await self._quiet(direct.hold)
            resuming = None
            if not address.secure:
                proxy = await stack.enter_async_context(cutting_proxy(address.netloc, plan))
                resuming = await stack.enter_async_context(
                    connect(
                        proxy.url + address.base,
                        retry_for=_RESUME_SECONDS,
                        resume_for=_RESUME_SECONDS,
                        api_key=self._client.transport.api_key,
                    )
                )
            await self._without_faults(direct.hold)
            observer = SoakObserver(
                self._target.pid, address.http(paths.HEALTHZ), headers, self._epoch
            )
            self._result.idle = await asyncio.to_thread(observer.look)
            sessions = Sessions(self._soak.material, self._client, resuming, http, self._epoch)
            async with self._observed(observer):
                faults = Faults(self._target, self._soak.material.short, http)
                await self._with_faults(sessions.hold, faults)
        await self._rest(observer)

    async def _quiet(self, hold: Callable[[SoakTask], Awaitable[SessionOutcome]]) -> None:
        """Hold each session once, one at a time."""
        every = [
            task
            for work in self._load.works
            if work is not Work.RESUMED
            for task in tasks(self._soak.material, work)
        ]
        self._tell(f"quiet run: {len(every)} sessions, one at a time")
        for task in every:
            outcome = await hold(task)
            self._result.quiet.append(outcome)
            if outcome.failure:
                raise ClientError(
                    outcome.failure,
                    f"{task.work.value}, {task.item}: failed in the quiet run "
                    f"({outcome.failure}); nothing can be compared with it",
                )

    async def _without_faults(self, hold: Callable[[SoakTask], Awaitable[SessionOutcome]]) -> None:
        """Put the load on the server until each long speech was transcribed several times."""
        self._tell("the load without faults")
        began = time.monotonic()
        speeches = len(self._soak.material.long) if Work.LONG in self._load.works else 0
        runs = 0

        def over() -> bool:
            if speeches:
                return runs >= speeches * _RUNS_WITHOUT_FAULTS
            return time.monotonic() - began > _LEAST_SECONDS

        def add(outcome: SessionOutcome) -> None:
            nonlocal runs
            runs += outcome.task.work is Work.LONG
            self._result.loaded.append(outcome)

        await self._load.run(hold, over, add)
        await asyncio.sleep(_REST_SECONDS)

    async def _with_faults(
        self, hold: Callable[[SoakTask], Awaitable[SessionOutcome]], faults: Faults
    ) -> None:
        soak, result = self._soak, self._result
        self._tell(f"the load with faults: {soak.seconds / 60:g} min, {result.clients} clients")
        began = time.monotonic()

        async def make_faults() -> None:
            made = set()
            try:
                for fault in schedule(self._possible, soak.seconds, soak.fault_interval, soak.seed):
                    await asyncio.sleep(began + fault.at - time.monotonic())
                    self._tell(f"{fault.at:7.1f} s  {fault.kind.value}")
                    made.add(asyncio.create_task(self._make(faults, fault)))
                await asyncio.gather(*made)
            finally:
                for each in made:
                    each.cancel()
                await asyncio.gather(*made, return_exceptions=True)

        injecting = asyncio.create_task(make_faults())
        try:
            await self._load.run(
                hold,
                lambda: time.monotonic() - began > soak.seconds,
                result.faulted.append,
            )
            await injecting
        finally:
            result.seconds = time.monotonic() - began
            injecting.cancel()
            await asyncio.gather(injecting, return_exceptions=True)

    async def _make(self, faults: Faults, fault: Fault) -> None:
        self._result.faults.append(await faults.make(fault))

    @contextlib.asynccontextmanager
    async def _observed(self, observer: SoakObserver) -> AsyncIterator[None]:
        observer.start()
        try:
            yield
        finally:
            await asyncio.to_thread(observer.stop)
            self._result.samples = list(observer.samples)
            self._result.delays = list(observer.delays)
            self._result.unanswered = observer.unanswered

    async def _rest(self, observer: SoakObserver) -> None:
        """Wait until the server has given back what it needed, or for a time."""
        self._tell("the server rests")
        idle = self._result.idle
        until = time.monotonic() + _RECOVERY_SECONDS
        while True:
            await asyncio.sleep(_REST_SECONDS)
            self._result.rested = await asyncio.to_thread(observer.look)
            if recovered(idle, self._result.rested) or time.monotonic() > until:
                return


def recovered(idle: SoakSample | None, rested: SoakSample | None) -> bool:
    """Whether a server has about as much memory and as many descriptors in use as before."""
    if idle is None or rested is None:
        return idle is None
    return (
        rested.memory <= RECOVERED * idle.memory
        and rested.descriptors <= idle.descriptors + SPARE_DESCRIPTORS
    )


def _every_second(plan: CutPlan) -> CutPlan:
    """A plan that leaves every second connection alone, so that each recognition is cut about
    once."""
    cutting = False

    def planned() -> Cut | None:
        nonlocal cutting
        cutting = not cutting
        return plan() if cutting else None

    return planned
