"""`GET /v1/models`: what OpenAI's clients can ask for here."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from liusheng.protocol import openai
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import quoted
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.exchange import JSON, Exchange
from liusheng.server.http.openai_common import OPENAI_FAILURES


def model_endpoints(names: Iterable[str]) -> list[Endpoint]:
    """Return the list of models, and the door to each."""
    models = {name: openai.Model(id=name) for name in names}

    async def every(exchange: Exchange) -> None:
        await exchange.answer(msgspec.json.encode(openai.ModelList(data=tuple(models.values()))))

    async def one(exchange: Exchange) -> None:
        name = exchange.request.path_params["model"]
        if name not in models:
            raise ProtocolError(
                ErrorCode.UNKNOWN_MODEL,
                f"There is no model {quoted(name)} here; there are {', '.join(models)}.",
            )
        await exchange.answer(msgspec.json.encode(models[name]))

    return [
        Endpoint(
            "GET",
            "/v1/models",
            every,
            OPENAI_FAILURES,
            summary="List the models in use (OpenAI's API).",
            answers={JSON: (openai.ModelList,)},
        ),
        Endpoint(
            "GET",
            "/v1/models/{model}",
            one,
            OPENAI_FAILURES,
            summary="Tell of one model in use (OpenAI's API).",
            answers={JSON: (openai.Model,)},
        ),
    ]
