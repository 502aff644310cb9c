"""What an engine was made from: two that were made from the same need not be exchanged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from liusheng.asr.models import open_punctuation_model, open_recognition_models
from liusheng.models.store import Store
from liusheng.models.types import InstalledModel
from liusheng.server.config.settings import Settings

Key = tuple[Any, ...]
EngineKeys = Mapping[str, Key]
"""By the name of the engine in `liusheng.server.engines.Engines`."""


def engine_keys(settings: Settings) -> EngineKeys:
    """Return the keys of the engines that the settings describe.

    The limits of clients are no part of them: they are applied to a running engine.

    Raises:
        ModelError, ValueError: as `liusheng.server.engines.make_engines`.
    """
    store = Store(settings.home)
    asr, tts = settings.asr, settings.tts
    recognisers: Iterable[InstalledModel] = ()
    if asr.models:
        recognisers = open_recognition_models(
            store.open_named, asr.models, settings.asr_options
        ).models
    punctuation: Iterable[InstalledModel] = ()
    if asr.models and asr.punctuation:
        punctuation = [open_punctuation_model(store.open_named, asr.punctuation)]
    return {
        "recognition": (
            asr.model_dump(exclude={"script", "punctuation"}),
            _workers(settings, "recognition"),
            _files(recognisers),
        ),
        "synthesis": (
            tts.model_dump(),
            _workers(settings, "synthesis"),
            _files(map(store.open_named, tts.models)),
        ),
        "punctuation": (
            _workers(settings, "punctuation"),
            settings.limits.max_sessions,  # the length of its queue
            _files(punctuation),
        ),
        "decoding": _workers(settings, "decoding"),
    }


_OF_ONE_ENGINE = {
    "asr": "recognition",
    "batch": "recognition",
    "tts": "synthesis",
    "decoding": "decoding",
    "decoding_queue_seconds": "decoding",
    "decoding_memory_bytes": "decoding",
    "decoding_stall_seconds": "decoding",
}
"""By the name of a setting of `workers`: the engine that it concerns; the others concern all."""


def _workers(settings: Settings, engine: str) -> Key:
    values = settings.workers.model_dump().items()
    return tuple((name, value) for name, value in values if _of(name, engine))


def _of(name: str, engine: str) -> bool:
    return _OF_ONE_ENGINE.get(name, engine) == engine


def _files(models: Iterable[InstalledModel]) -> Key:
    """Return what changes when a file of a model is exchanged."""
    return tuple(
        (model.name, str(model.path), repr(model.options), role, *_version(path))
        for model in models
        for role, path in sorted(model.files.items())
    )


def _version(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
