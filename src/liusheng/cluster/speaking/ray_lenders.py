"""Calls of a replica to those of another deployment of Ray Serve that synthesises."""

from __future__ import annotations

import asyncio
import logging
import pickle
import uuid
from collections.abc import AsyncGenerator
from typing import Any

import ray
from ray import serve
from ray.serve._private.common import RequestMetadata
from ray.serve.exceptions import RayServeException

from liusheng.cluster.speaking.messages import LentMessage, SpeechOrder, Steering
from liusheng.protocol.operation import Readiness
from liusheng.tts.types import Voice

_log = logging.getLogger(__name__)

VOICES, SPEAK, STEER, READINESS = "voices", "speak", "steer_speech", "readiness"
"""The methods of that deployment's class."""

_POLL_SECONDS = 1.0
_PATIENCE_SECONDS = 30.0


def this_maker() -> Any:
    """Return how other processes reach this replica (`Begun.maker`)."""
    return ray.get_runtime_context().current_actor


class ServeLenders:
    """`liusheng.cluster.speaking.borrowing.Lenders`.

    app, deployment: the names of the deployment and of its application.
    """

    def __init__(self, app: str, deployment: str) -> None:
        self._app = app
        self._deployment = deployment
        self._handle: Any = None

    async def voices(self) -> tuple[Voice, ...]:
        """Return the voices of all of them; wait until there is one."""
        self._handle = await self._existing()
        waiting = asyncio.ensure_future(self._ask(VOICES))
        while not (await asyncio.wait([waiting], timeout=_PATIENCE_SECONDS))[0]:
            self._log_waiting()
        found: tuple[Voice, ...] = waiting.result()
        return found

    async def speak(self, order: SpeechOrder) -> AsyncGenerator[LentMessage, None]:
        """Have one make a speech. Closing the iterator stops it."""
        response = self._handle.options(method_name=SPEAK, stream=True).remote(order)
        try:
            async for message in response:
                yield message
        finally:
            response.cancel()

    async def steer(self, maker: Any, message: Steering) -> None:
        """Send a message to the one that makes a speech.

        A handle of Ray Serve gives a call to any replica, and to none that drains. So this one goes
        to the process itself, as those of a handle do in the end.
        """
        name = uuid.uuid4().hex
        metadata = RequestMetadata(name, name, call_method=STEER)
        await maker.handle_request.remote(pickle.dumps(metadata), message)

    async def readiness(self) -> Readiness:
        """Return the state of one."""
        found: Readiness = await self._ask(READINESS)
        return found

    async def _ask(self, method: str) -> Any:
        return await self._handle.options(method_name=method).remote()

    async def _existing(self) -> Any:
        """Return the handle of the deployment, once there is one: Ray Serve may begin with the
        replica that asks."""
        waited = 0.0
        while True:
            try:
                return await asyncio.to_thread(
                    serve.get_deployment_handle, self._deployment, self._app
                )
            except RayServeException:
                if waited % _PATIENCE_SECONDS == 0:
                    self._log_waiting()
            await asyncio.sleep(_POLL_SECONDS)
            waited += _POLL_SECONDS

    def _log_waiting(self) -> None:
        _log.warning(
            "waiting for the deployment %s of the application %s, whose voices this replica offers",
            self._deployment,
            self._app,
        )
