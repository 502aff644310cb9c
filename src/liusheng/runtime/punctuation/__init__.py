"""Punctuation of texts, in a worker."""
