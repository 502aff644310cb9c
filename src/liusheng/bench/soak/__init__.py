"""A long run of mixed sessions with faults, and what must come out of it."""
