"""Measuring: how well and how fast a server, or a model in this process, does its work."""
