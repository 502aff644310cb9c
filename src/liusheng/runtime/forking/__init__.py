"""Processes that have loaded what others need, and fork them within milliseconds."""
