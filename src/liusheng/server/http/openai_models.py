"""`GET /v1/models`: the models in use, for OpenAI's clients."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from liusheng.protocol import openai, paths
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.quoting import quoted
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import OPENAI_ERRORS
from liusheng.server.http.exchange import JSON, HttpExchange


def model_endpoints(names: Iterable[str]) -> list[Endpoint]:
    """Return the endpoints of the list of models and of each single model."""
    models = {name: openai.Model(id=name) for name in names}

    async def every(exchange: HttpExchange) -> None:
        await exchange.answer(msgspec.json.encode(openai.ModelList(data=tuple(models.values()))))

    async def one(exchange: HttpExchange) -> None:
        name = exchange.request.path_params["model"]
        if name not in models:
            raise ProtocolError(
                ErrorCode.UNKNOWN_MODEL,
                f"There is no model {quoted(name)}; the models are {', '.join(models)}.",
            )
        await exchange.answer(msgspec.json.encode(models[name]))

    return [
        Endpoint(
            "GET",
            paths.MODELS,
            every,
            OPENAI_ERRORS,
            summary="List the models in use (OpenAI's API).",
            answers={JSON: (openai.ModelList,)},
        ),
        Endpoint(
            "GET",
            f"{paths.MODELS}/{{model}}",
            one,
            OPENAI_ERRORS,
            summary="Describe one model in use (OpenAI's API).",
            answers={JSON: (openai.Model,)},
        ),
    ]
