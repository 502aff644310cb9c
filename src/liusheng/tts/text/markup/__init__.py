"""Markdown, HTML, LaTeX and bare URLs, as language models write them, as text that is read aloud.

`MarkupReader` turns a text that may still grow into plain text, and knows the place of each of its
characters. What is decoration falls out; the content of code blocks is announced and listed as
skipped.
"""

from liusheng.tts.text.markup.reader import MarkupReader

__all__ = ["MarkupReader"]
