"""The text front end: written Mandarin, with English in it, to clauses of syllables."""

from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.lexicon import LexiconError, UserLexicon
from liusheng.tts.text.types import Clause, Language, Pause, Skipped, Span, Syllable

__all__ = [
    "Clause",
    "FrontEnd",
    "GrowingText",
    "Language",
    "LexiconError",
    "Pause",
    "Skipped",
    "Span",
    "Syllable",
    "UserLexicon",
]
