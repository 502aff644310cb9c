"""Many sessions onto few cores: scheduling, worker processes, admission."""
