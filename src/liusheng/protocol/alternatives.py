"""The likeliest forms of the closed text, from the alternatives of its utterances.

They are kept as utterances close: in the final reply of a long recognition, to find them all at
once would take seconds, on the event loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from liusheng.protocol.closed_text import TextEnd
from liusheng.protocol.utterance import UtteranceLike


@dataclass(frozen=True, eq=False, repr=False)
class _Change:
    """What an utterance adds to a form, where that is not what it adds to the text itself.

    place: of the utterance.
    before: the change before it; forms share them.
    """

    place: int
    added: str
    before: _Change | None


@dataclass(frozen=True, eq=False)
class _Form:
    """A form of the text.

    loss: of score, against the text itself.
    changes: the last one.
    """

    loss: float = 0.0
    end: TextEnd = field(default_factory=TextEnd)
    changes: _Change | None = None


class Alternatives:
    """The forms of a text that grows. count: how many are kept, the text itself among them."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pieces: list[str] = []  # what each utterance adds to the text itself
        self._forms = [_Form()]  # the text itself first
        self._score = 0.0

    def add(self, utterance: UtteranceLike, piece: str, end: TextEnd) -> None:
        """Add a closed utterance. The score of a form is the sum of its utterances' scores; an
        utterance without alternatives adds none.

        piece: what it adds to the text itself.
        end: of that then.
        """
        first, *others = utterance.alternatives[: self._count] or (None,)
        losses = [(other.text, max(0.0, first.score - other.score)) for other in others if first]
        followed = [(form.loss, form, utterance.text) for form in self._forms]
        followed += [
            (form.loss + loss, form, text) for form in self._forms for text, loss in losses
        ]
        followed = sorted(followed, key=lambda each: each[0])[: self._count]
        before = self._forms[0].end
        forms = []
        for loss, form, text in followed:
            if text == utterance.text and form.end == before:
                forms.append(_Form(loss, end, form.changes))
                continue
            its, its_end = form.end.follow(text)
            changes = form.changes
            if its != piece:
                changes = _Change(len(self._pieces), its, changes)
            forms.append(_Form(loss, its_end, changes))
        self._forms = forms
        self._pieces.append(piece)
        self._score += first.score if first else 0.0

    def forms(self) -> list[tuple[str, float]]:
        """Return the texts with their scores, the text itself first, each once."""
        found: dict[str, float] = {}
        for form in self._forms:
            pieces = self._pieces.copy()
            change = form.changes
            while change:
                pieces[change.place] = change.added
                change = change.before
            found.setdefault("".join(pieces), self._score - form.loss)
        return list(found.items())
