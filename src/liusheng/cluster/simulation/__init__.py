"""Replicas under load on simulated time, with the scheduler of the server."""
