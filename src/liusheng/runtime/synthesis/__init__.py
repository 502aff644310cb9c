"""Synthesis of many speeches by a pool of worker processes."""
