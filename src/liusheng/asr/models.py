"""Which models recognition needs for its options, opened, and what to warn about.

Beside the models that recognise, options may ask for one that decodes the utterances of online
models a second time, one that corrects Mandarin, and one that punctuates texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from liusheng.asr.options import AsrOptions
from liusheng.models.errors import IncompleteModelError, NotInstalledError
from liusheng.models.types import ONLINE_KINDS, InstalledModel, Kind, Task

OpenModel = Callable[[str], InstalledModel]
"""Opens a model by its name in the catalogue, or its folder: `Store.open_named`."""


@dataclass(frozen=True)
class RecognitionModels:
    """What `liusheng.asr.load.load` takes.

    models: those that recognise, in the order asked for; then the second pass's; then the one that
        corrects them.
    warnings: sentences about what works less well than it could, and how to change that.
    """

    models: tuple[InstalledModel, ...]
    warnings: tuple[str, ...] = ()


def open_recognition_models(
    open_model: OpenModel, names: Sequence[str], options: AsrOptions
) -> RecognitionModels:
    """Open the models that recognise, and those that `options` adds to them.

    names: of models in the catalogue, or folders.

    A language model that is not installed is a warning: recognition works without it.

    Raises:
        ModelError: another model is not installed, or unknown.
        ValueError: the model for the correction is not a language model.
    """
    models = [open_model(name) for name in names]
    second_pass = options.online.second_pass
    if second_pass and any(model.kind in ONLINE_KINDS for model in models):
        models.append(open_model(second_pass))
    if not (options.correction.model and _any_corrected(models)):
        return RecognitionModels(tuple(models))
    corrector, warning = _open_correction_model(open_model, options.correction.model)
    if corrector:
        models.append(corrector)
    return RecognitionModels(tuple(models), (warning,) if warning else ())


def open_punctuation_model(open_model: OpenModel, name: str) -> InstalledModel:
    """Open the model that punctuates texts.

    Raises:
        ModelError: it is not installed, or unknown.
        ValueError: it is not for punctuation.
    """
    model = open_model(name)
    if model.task is not Task.PUNCTUATION:
        raise ValueError(f"asr.punctuation: {name} is not a model for punctuation")
    return model


def correction_warning(open_model: OpenModel, name: str, models: Iterable[InstalledModel]) -> str:
    """Return what limits the correction of Mandarin; "" when nothing does.

    name: of the language model; "" where nothing is to be corrected.
    models: those that recognise.

    Raises:
        ModelError: the language model is unknown.
        ValueError: it is not a language model.
    """
    return _open_correction_model(open_model, name)[1] if name and _any_corrected(models) else ""


def is_corrected(kind: Kind) -> bool:
    """Whether the Mandarin of a kind of model is corrected.

    Whisper's characters often only sound right. The other kinds write Mandarin well, or do not
    recognise it.
    """
    return kind is Kind.WHISPER


def _any_corrected(models: Iterable[InstalledModel]) -> bool:
    return any(is_corrected(model.kind) for model in models)


def _open_correction_model(open_model: OpenModel, name: str) -> tuple[InstalledModel | None, str]:
    """Return the language model, None if it is not installed, and a warning or ""."""
    try:
        model = open_model(name)
    except (NotInstalledError, IncompleteModelError) as error:
        return None, (
            f"Mandarin is recognised less accurately, and hotwords are not supported: {error}"
        )
    if model.task is not Task.LM:
        raise ValueError(f"asr.correction.model: {name} is not a language model")
    return model, ""
