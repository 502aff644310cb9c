"""From models on disk to one recogniser that speaks all their languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from liusheng.asr.capabilities import Capabilities, NotSupportedError
from liusheng.asr.live.decoder import LiveRecognizer
from liusheng.asr.models import is_corrected
from liusheng.asr.offline.alignment import Hearing, place_by_alignment
from liusheng.asr.offline.engine import OfflineEngine
from liusheng.asr.options import AsrOptions
from liusheng.asr.recognizer import Outcome, Recognizer, Turn
from liusheng.asr.text.formatter import TextFormatter
from liusheng.asr.types import StreamParams
from liusheng.models.types import ONLINE_KINDS, InstalledModel, Kind, Task

if TYPE_CHECKING:
    from liusheng.asr.correction.corrector import Corrector
    from liusheng.asr.online.second_pass import SecondPass

_SHERPA_OFFLINE = {Kind.SENSE_VOICE, Kind.OFFLINE_PARAFORMER}


@dataclass(frozen=True)
class RoutedState:
    """A stream's state and which of the recognisers it belongs to."""

    route: int
    state: Any


class Router:
    """Several recognisers as one: a stream goes to the one for its language.

    The first serves every language that it has and "auto"; a later one takes the languages that the
    catalogue lists for it, so that a small exact model can take one language off a large one.
    """

    def __init__(self, recognizers: Sequence[Recognizer], listed: Sequence[Sequence[str]]) -> None:
        self._recognizers = tuple(recognizers)
        first = self._recognizers[0]
        self.sticky = any(recognizer.sticky for recognizer in self._recognizers)
        self._routes = dict.fromkeys(first.languages, 0)
        for route, (recognizer, langs) in enumerate(
            zip(self._recognizers[1:], listed[1:], strict=True), 1
        ):
            wanted = langs or recognizer.languages
            self._routes.update({lang: route for lang in wanted if lang in recognizer.languages})
        self.languages = tuple(self._routes)

    def capabilities(self, lang: str) -> Capabilities:
        """Return what the model that serves `lang` can do."""
        return self._recognizers[self._routes.get(lang, 0)].capabilities(lang)

    def open(self, params: StreamParams) -> RoutedState:
        """Return the state of a new stream; see `Recognizer.open`."""
        if params.lang != "auto" and params.lang not in self._routes:
            raise NotSupportedError(
                f"no model here recognises {params.lang!r}; there are: " + ", ".join(self.languages)
            )
        route = self._routes.get(params.lang, 0)
        return RoutedState(route, self._recognizers[route].open(params))

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        """Take a turn for each stream; see `Recognizer.advance`."""
        outcomes: dict[int, Outcome] = {}
        for route, recognizer in enumerate(self._recognizers):
            mine = [i for i, turn in enumerate(turns) if turn.state.route == route]
            if not mine:
                continue
            results = recognizer.advance(
                [replace(turns[i], state=turns[i].state.state) for i in mine]
            )
            for i, result in zip(mine, results, strict=True):
                outcomes[i] = replace(result, state=RoutedState(route, result.state))
        return [outcomes[i] for i in range(len(turns))]

    def forget(self, states: Sequence[Any]) -> None:
        """Tell each recogniser which of its streams ended."""
        for route, recognizer in enumerate(self._recognizers):
            mine = [s.state for s in states if s.route == route]
            if mine:
                recognizer.forget(mine)


def load(models: Sequence[InstalledModel], options: AsrOptions | None = None) -> Recognizer:
    """Load models into one recogniser.

    Args:
        models: the first is the default; a later one is used for the languages that it lists. A
            language model among them corrects what Whisper hears of Mandarin; where there is an
            online model, the last one named `online.second_pass` hears its utterances again; a
            Whisper among them places the words that Moonshine hears.

    Raises:
        ValueError: when there is no model, or one that is not for recognition.
    """
    options = options or AsrOptions()
    heard = [model for model in models if model.task is not Task.LM]
    if not heard:
        raise ValueError("recognition needs at least one model")
    kinds = {model.name: model.kind for model in models}
    corrector = None
    for model in models:
        if model.task is Task.LM:
            from liusheng.asr.correction import corrector as correction

            corrector = correction.load(model, options.correction)
    second_pass = None
    if options.online.second_pass and any(model.kind in ONLINE_KINDS for model in heard):
        second_pass = _second_pass(heard, options, corrector)
    recognizers = [_load_one(model, options, corrector, second_pass) for model in heard]
    if options.moonshine.align:
        hearing: list[tuple[Kind, Hearing]] = [
            (model.kind, recognizer)
            for model, recognizer in zip(heard, recognizers, strict=True)
            if isinstance(recognizer, LiveRecognizer)
        ]
        if second_pass:
            hearing.append((kinds[options.online.second_pass], second_pass))
        place_by_alignment(hearing)
    one = len(recognizers) == 1
    return TextFormatter(
        recognizers[0] if one else Router(recognizers, [m.languages for m in heard])
    )


def load_engine(model: InstalledModel, options: AsrOptions | None = None) -> OfflineEngine:
    """Load a model that hears whole windows.

    Raises:
        ValueError: when it is not one.
    """
    options = options or AsrOptions()
    # Each engine's libraries are heavy: only those of the models in use are imported.
    if model.kind is Kind.WHISPER:
        from liusheng.asr.offline.whisper import WhisperEngine

        return WhisperEngine(model, options.whisper)
    if model.kind is Kind.MOONSHINE:
        from liusheng.asr.offline.moonshine import MoonshineEngine

        return MoonshineEngine(model, options.moonshine)
    if model.kind in _SHERPA_OFFLINE:
        from liusheng.asr.offline import sherpa as sherpa_offline

        return sherpa_offline.load(model, options.sherpa_offline)
    raise ValueError(f"{model.name} ({model.kind.value}) is not an offline model for recognition")


def _second_pass(
    models: list[InstalledModel], options: AsrOptions, corrector: Corrector | None
) -> SecondPass:
    """Take the model of the second pass out of a list and load it."""
    from liusheng.asr.online.second_pass import SecondPass

    name = options.online.second_pass
    places = [place for place, model in enumerate(models) if model.name == name]
    if not places:
        raise ValueError(f"asr.online.second_pass: {name} is not among the models")
    return SecondPass(*_corrected(models.pop(places[-1]), options, corrector))


def _corrected(
    model: InstalledModel, options: AsrOptions, corrector: Corrector | None
) -> tuple[OfflineEngine, Corrector | None]:
    """Load an offline model; return it with what corrects it."""
    if not is_corrected(model.kind):
        corrector = None
    if not (corrector and corrector.judges):
        # There is nothing to choose by.
        options = replace(options, whisper=replace(options.whisper, second_final=False))
    return load_engine(model, options), corrector


def _load_one(
    model: InstalledModel,
    options: AsrOptions,
    corrector: Corrector | None,
    second_pass: SecondPass | None,
) -> Recognizer:
    if model.kind in ONLINE_KINDS:
        from liusheng.asr.online import recognizer as sherpa_online

        return sherpa_online.load(model, options.online, second_pass=second_pass)
    if model.task is not Task.ASR:
        raise ValueError(f"{model.name} ({model.kind.value}) is not a model for recognition")
    engine, corrector = _corrected(model, options, corrector)
    return LiveRecognizer(engine, options.live, corrector=corrector)
