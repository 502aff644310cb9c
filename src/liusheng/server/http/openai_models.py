"""`GET /v1/models`: the models in use, for OpenAI's clients."""

from __future__ import annotations

import msgspec

from liusheng.protocol import openai, paths
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import OPENAI_ERRORS
from liusheng.server.http.exchange import JSON, HttpExchange
from liusheng.server.openai_names import OpenAINames


def model_endpoints(names: OpenAINames) -> list[Endpoint]:
    """Return the endpoints of the list of models and of each single model."""

    async def every(exchange: HttpExchange) -> None:
        models = tuple(openai.Model(id=name) for name in names.models)
        await exchange.answer(msgspec.json.encode(openai.ModelList(data=models)))

    async def one(exchange: HttpExchange) -> None:
        name = exchange.request.path_params["model"]
        if not name:  # with a slash at the end
            await every(exchange)
            return
        names.check_model(name)
        await exchange.answer(msgspec.json.encode(openai.Model(id=name)))

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
            f"{paths.MODELS}/{{model:path}}",  # a folder has slashes
            one,
            OPENAI_ERRORS,
            summary="Describe a model in use, or one of OpenAI that stands for it (OpenAI's API).",
            answers={JSON: (openai.Model,)},
        ),
    ]
