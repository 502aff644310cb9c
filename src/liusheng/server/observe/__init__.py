"""What an operator sees of a running server: health, metrics, the access log, traces."""
