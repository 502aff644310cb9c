"""Where the processes of a pool come from: a template that forks them, or one start for each."""

from __future__ import annotations

import asyncio
import logging

from liusheng.runtime.forking.fork_server import ForkerLostError
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers.forked import can_fork
from liusheng.runtime.workers.process import WorkerProcess
from liusheng.runtime.workers.templates import Template
from liusheng.runtime.workers.worker import Creation, NotForkableError

_log = logging.getLogger(__name__)


class WorkerSupply:
    """Starts workers, and the template that they are forked from."""

    def __init__(self, creation: Creation, options: PoolOptions) -> None:
        self._creation = creation
        self._options = options
        self._shares = options.share and options.workers > 1 and can_fork()
        self._template: Template | None = None
        self._starting = asyncio.Lock()

    @property
    def template_pids(self) -> list[int]:
        """The process id of the template, if there is one."""
        return [self._template.pid] if self._template and self._template.alive else []

    def is_outdated(self, worker: WorkerProcess) -> bool:
        """Whether a new worker would share memory that this one has for itself: the template that
        it was forked from was lost, and there is another one."""
        template = self._template
        return template is not None and template.alive and not template.made(worker)

    async def prepare(self) -> None:
        """Start the template, where workers are forked. Raises: see `Template.start`."""
        if self._shares:
            await self._running_template()

    async def worker(self) -> WorkerProcess:
        """Return a new worker.

        Raises:
            Exception: see `WorkerProcess.start`, `Template.start` and `Template.worker`.
        """
        template = await self._running_template() if self._shares else None
        if template is None:
            return await WorkerProcess.start(self._creation, self._options)
        try:
            return await template.worker()
        except ForkerLostError:
            # Stopped, or being ended: its workers go on, and the next start makes another one.
            async with self._starting:
                if self._template is template:
                    self._template = None
                    await template.abandon()
            raise

    async def stop(self) -> None:
        """End the template."""
        async with self._starting:
            if self._template:
                await self._template.stop()
            self._template = None

    async def _running_template(self) -> Template | None:
        """Return the template; None where workers cannot be forked from one."""
        async with self._starting:
            if self._template and not self._template.alive:
                _log.warning("the process that forks %s workers ended", self._creation.name)
                await self._template.abandon()
                self._template = None
            if self._shares and not self._template:
                try:
                    self._template = await Template.start(self._creation, self._options)
                except NotForkableError as error:
                    _log.info("%s workers share no memory: %s", self._creation.name, error)
                    self._shares = False
            return self._template
