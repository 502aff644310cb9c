"""Correction of homophones in recognised Mandarin by a language model."""
