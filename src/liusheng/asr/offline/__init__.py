"""Engines of offline models: whole windows of audio in, text with times out."""
