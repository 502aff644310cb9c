"""The likeliest forms of the closed text, from the alternatives of its utterances.

They are kept as utterances close: in the final reply of a long recognition, to find them all at
once would take seconds, on the event loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from liusheng.protocol.closed_text import TextEnd
from liusheng.protocol.utterance import UtteranceLike


@dataclass(frozen=True, eq=False, repr=False)
class _Form:
    """A form of the text.

    loss: of score, against the best form.
    added: what its last utterance has added to `before`, which other forms may share.
    """

    loss: float = 0.0
    end: TextEnd = field(default_factory=TextEnd)
    added: str = ""
    before: _Form | None = None

    def followed_by(self, text: str, loss: float = 0.0) -> _Form:
        added, end = self.end.follow(text)
        return _Form(self.loss + loss, end, added, self)

    def text(self) -> str:
        parts = []
        form: _Form | None = self
        while form:
            parts.append(form.added)
            form = form.before
        return "".join(reversed(parts))


class Alternatives:
    """The forms of a text that grows. count: how many are kept; with 1, there is nothing to do."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._forms = [_Form()]
        self._score = 0.0

    def add(self, utterance: UtteranceLike) -> None:
        """Add a closed utterance. The score of a form is the sum of its utterances' scores; an
        utterance without alternatives adds none."""
        if self._count == 1:
            return
        first, *others = utterance.alternatives[: self._count] or (None,)
        losses = [(other.text, max(0.0, first.score - other.score)) for other in others if first]
        forms = [(form.loss, form, utterance.text) for form in self._forms]
        forms += [(form.loss + loss, form, text) for form in self._forms for text, loss in losses]
        forms = sorted(forms, key=lambda form: form[0])[: self._count]
        self._forms = [form.followed_by(text, loss - form.loss) for loss, form, text in forms]
        self._score += first.score if first else 0.0

    def forms(self) -> list[tuple[str, float]]:
        """Return the texts with their scores, the likeliest first, each once."""
        found: dict[str, float] = {}
        for form in self._forms:
            found.setdefault(form.text(), self._score - form.loss)
        return list(found.items())
