"""Decoding of files and containers, each in a process of its own with little to use."""
