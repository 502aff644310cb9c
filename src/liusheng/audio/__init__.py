"""Samples: PCM, resampling, containers and codecs."""
