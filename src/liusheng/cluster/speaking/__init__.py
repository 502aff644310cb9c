"""Synthesis that another replica does, for sessions that need it besides recognition."""
