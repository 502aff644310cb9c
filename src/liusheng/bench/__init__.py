"""Benchmarks: accuracy and speed of a server, or of a model in this process."""
