"""Engines of offline models: windows of audio in, text with times out."""
