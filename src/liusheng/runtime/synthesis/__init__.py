"""Synthesis for many listeners by a pool of workers."""
