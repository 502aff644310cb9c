"""Punctuation of texts by a worker."""
