"""Mandarin spelled right: of words that sound alike, the one that makes sense."""
