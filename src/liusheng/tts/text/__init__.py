"""The text front end: written Mandarin, with English in it, as clauses of syllables."""

from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.lexicon import UserLexicon, LexiconError
from liusheng.tts.text.types import Clause, Language, Pause, Span, Syllable

__all__ = [
    "Clause",
    "FrontEnd",
    "GrowingText",
    "Language",
    "UserLexicon",
    "LexiconError",
    "Pause",
    "Span",
    "Syllable",
]
