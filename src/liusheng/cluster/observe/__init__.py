"""One place to look: metrics and traces of all replicas."""
