"""Synthesis: voices and the text front end. Knows no network."""
